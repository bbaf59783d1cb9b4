import * as os from "node:os";
import { SLOT, SLOT_FAILED, slotScript } from "../model/membership/rollout";
import type { ClusterMachine } from "../model/machine";
import { holding } from "./lock";
import { HostProblem } from "./problem";
import type { SetupSpec } from "./protocol";
import type { Hosts } from "./runner";
import { readState } from "./state";

/** What of a step's context an order among living nodes needs. */
export interface RolloutContext {
  readonly spec: Pick<SetupSpec, "machines" | "rollout">;
  readonly hosts: Hosts;
  readonly cluster: string;
  readonly say: (line: string) => void;
}

/** All steps of one run are children of one provider. */
function thisRun(): string {
  return `${os.hostname()}/${process.ppid}`;
}

/**
 * Runs `work`, which restarts something that the pods of a living node live on and ends when the node is well again, when it is this machine's turn: control-plane
 * nodes one by one, workers so many at a time (`rollout.maxUnavailable`). Where
 * it fails, no other machine of this run is changed.
 * @throws HostProblem when the change of another machine failed before
 */
export async function inRollout<T>(
  context: RolloutContext,
  machine: ClusterMachine,
  work: () => Promise<T>,
  run = thisRun(),
): Promise<T> {
  const { spec } = context;
  const through = await keeperOf(context, machine);
  const lock = {
    script: slotScript(machine, run, spec.rollout),
    says: SLOT,
    tellFailed: SLOT_FAILED,
    waits: "waits until other nodes are changed and well",
    refused: (failed: string) =>
      `is left as it is, since the change of ${failed} failed: see its error, put it right, and run up again`,
    turn: "to be changed",
  };
  return holding(context, machine, through, lock, work);
}

/** The first control-plane node that answers: the same for all steps of a run. */
async function keeperOf({ spec, hosts, cluster }: RolloutContext, machine: ClusterMachine): Promise<string> {
  const reasons: string[] = [];
  for (const one of spec.machines) {
    if (one.role !== "controlPlane" || !hosts.has(one.name)) continue;
    try {
      const { member } = await readState(hosts, one.name);
      if (member?.cluster === cluster && member.state === "member") return one.name;
      reasons.push(`${one.name} is not a node of this cluster yet`);
    } catch (error) {
      if (!(error instanceof HostProblem)) throw error;
      reasons.push(error.report());
    }
  }
  throw new HostProblem(
    machine.name,
    `no control-plane node can be asked for the order of changes: ${reasons.join("; ")}`,
  );
}
