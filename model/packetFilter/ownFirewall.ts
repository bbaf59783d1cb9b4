import { range } from "../network/addresses";
import { parseNftables } from "./nftables";
import { obstacleOf, type Probe } from "./rules";

/** A packet between two machines. */
export interface MachinePacket extends Pick<Probe, "protocol" | "port"> {
  /** Addresses. */
  readonly from: string;
  readonly to: string;
  /** That it comes in by. */
  readonly interface: string;
}

/**
 * Whether the cluster's own firewall, as it is loaded on a host, keeps a packet out: it knows the machines of the setup that wrote it.
 * @param text what `nft -j list table` prints of it
 */
export function stoppedByOwnFirewall(text: string): (packet: MachinePacket) => boolean {
  const tables = parseNftables(withoutNamedSets(text));
  return ({ from, to, interface: incoming, protocol, port }) =>
    tables !== undefined &&
    obstacleOf(tables, {
      hook: "input",
      protocol,
      port,
      from: range(`${from}/32`),
      to: range(`${to}/32`),
      incoming: [incoming],
      outgoing: [],
    }) !== undefined;
}

/** Named sets have machines that leave: a rule that lets those in lets nobody in who is new. */
function withoutNamedSets(text: string): string {
  try {
    const { nftables, ...rest } = JSON.parse(text) as { nftables?: readonly unknown[] };
    return JSON.stringify({ ...rest, nftables: nftables?.filter((one) => !/"@/.test(JSON.stringify(one))) });
  } catch {
    return text;
  }
}
