import { TURN, TURN_FAILED, turnScript } from "../model/membership/draining";
import type { ClusterMachine } from "../model/machine";
import { holding } from "./lock";
import type { Hosts } from "./runner";

/**
 * Runs `work` when it is this machine's turn to be drained.
 * @throws HostProblem when the upgrade of the machine before failed
 */
export async function inTurn<T>(
  context: { readonly hosts: Hosts; readonly say: (line: string) => void },
  machine: ClusterMachine,
  through: string,
  work: () => Promise<T>,
): Promise<T> {
  const lock = {
    script: turnScript(machine),
    says: TURN,
    tellFailed: TURN_FAILED,
    waits: "waits until another node is upgraded",
    refused: (failed: string) =>
      `is left as it is, since the upgrade of ${failed} failed: one node at a time is drained`,
    turn: "to be drained",
  };
  return holding(context, machine, through, lock, work);
}
