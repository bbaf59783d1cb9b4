/**
 * What the settings say of the cluster's machines now. Preflight writes it on every control-plane node before anything is
 * changed; the step of a machine that leaves knows only the settings of the run before, and reads it there.
 */
import type { ClusterMachine } from "../machine";
import type { MachineRole, Removal } from "../settings/resolved";
import { prelude, STATE_DIR } from "../node/shell";
import { lifecycleScript } from "./scripts";

export const INTENDED_FILE = `${STATE_DIR}/intended.json`;

export interface IntendedMachine {
  readonly name: string;
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly role: MachineRole;
  readonly revision: number;
  /** As in the settings: the key of the host that is behind the name now. */
  readonly hostKey: string;
  readonly removal: Removal;
}

export interface Intended {
  /** SHA-256 of the cluster CA's certificate. */
  readonly cluster: string;
  /** Milliseconds since 1970 by the clock of the machine that runs Pulumi. */
  readonly written: number;
  readonly machines: readonly IntendedMachine[];
}

/** @param hostKeys by machine, as the connections have them */
export function intended(
  cluster: string,
  machines: readonly ClusterMachine[],
  hostKeys: Readonly<Record<string, string>>,
  written: number,
): Intended {
  return {
    cluster,
    written,
    machines: machines.map(({ name, nodeName, nodeAddress, role, revision, removal }) => {
      const hostKey = hostKeys[name] ?? "";
      return { name, nodeName, nodeAddress, role, revision, hostKey, removal };
    }),
  };
}

/** Writes standard input to the file, and all of it or nothing. */
export function putIntendedScript(): string {
  return lifecycleScript("intended-put", { intended_file: INTENDED_FILE });
}

/** Prints the file, and whether the API answers here. */
export function standingScript(): string {
  return `${prelude()}${lifecycleScript("standing", { intended_file: INTENDED_FILE })}`;
}

/** Reads what `standingScript` printed. A file that cannot be read, or is another cluster's, says nothing. */
export function standing(output: string, cluster: string): { intended?: Intended; answers: boolean } {
  const lines = output.split("\n");
  const text = lines.find((line) => line.startsWith("##intended "))?.slice("##intended ".length);
  return { ...parsed(text, cluster), answers: lines.includes("##api answers") };
}

function parsed(text: string | undefined, cluster: string): { intended?: Intended } {
  try {
    const read = JSON.parse(text ?? "null") as Intended | null;
    return read?.cluster === cluster && Array.isArray(read.machines) ? { intended: read } : {};
  } catch {
    return {};
  }
}
