import { Hosts } from "../host/runner";
import type { StackState } from "./state";

/** Milliseconds for which a host that does not answer is dialled. */
const PATIENCE = 15_000;

/** The hosts of a stack, by the connections of its state. */
export function hostsOf({ connections, bastion }: Pick<StackState, "connections" | "bastion">): Hosts {
  const input = { connections, files: [], ...(bastion === undefined ? {} : { bastion }) };
  return new Hosts(input, PATIENCE, () => undefined);
}
