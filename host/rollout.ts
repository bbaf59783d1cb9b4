import { randomBytes } from "node:crypto";
import * as os from "node:os";
import { changeLockScript, drainLockScript, type LockOwner } from "../model/lifecycle/lock";
import type { ClusterMachine } from "../model/machine";
import { controlPlaneNode, type ClusterContext } from "./controlPlane";
import { holding, type StillHeld } from "./lock";
import type { Rollout } from "./protocol";

/** What of a step's context a lock needs. */
export interface LockContext extends ClusterContext {
  readonly say: (line: string) => void;
}

/** What of a step's context an order among living nodes needs. */
export interface RolloutContext extends LockContext {
  readonly spec: LockContext["spec"] & { readonly rollout: Rollout };
}

/** All steps of one run are children of one provider. */
function thisRun(): string {
  return `${os.hostname()}/${process.ppid}`;
}

function ownerOf(machine: ClusterMachine, run: string): LockOwner {
  return { machine, run, step: randomBytes(8).toString("hex") };
}

/**
 * Runs `work`, which restarts something that the pods of a living node live on and ends when the node is well again, while the
 * machine has one of the locks for changes: control-plane nodes one by one, workers so many at a time (`rollout.maxUnavailable`).
 * Where it fails, no other machine of this run is changed.
 * @throws HostProblem when the change of another machine failed before
 */
export async function withChangeLock<T>(
  context: RolloutContext,
  machine: ClusterMachine,
  work: (stillHeld: StillHeld) => Promise<T>,
  run = thisRun(),
): Promise<T> {
  const lock = {
    keeper: await keeperOf(context, machine),
    script: changeLockScript(ownerOf(machine, run), context.spec.rollout),
    name: "lock for changes",
    waits: "waits until other nodes are changed and healthy",
  };
  return holding(context, machine, lock, work);
}

/**
 * Runs `work`, which drains the machine's node, while the machine has the drain lock.
 * @throws HostProblem when the change of another machine failed before
 */
export async function withDrainLock<T>(
  context: LockContext,
  machine: ClusterMachine,
  work: (stillHeld: StillHeld) => Promise<T>,
  run = thisRun(),
): Promise<T> {
  const lock = {
    keeper: await keeperOf(context, machine),
    script: drainLockScript(ownerOf(machine, run)),
    name: "drain lock",
    waits: "waits for another node's upgrade: one node at a time is drained",
  };
  return holding(context, machine, lock, work);
}

/** The first control-plane node that answers: the same for all steps of a run. */
function keeperOf(context: ClusterContext, machine: ClusterMachine): Promise<string> {
  return controlPlaneNode(context, machine, { for: "the order of changes" });
}
