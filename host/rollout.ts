import { randomBytes } from "node:crypto";
import * as os from "node:os";
import {
  blockedBy,
  changeLockScript,
  drainLockScript,
  type Blocking,
  type DrainingChange,
  type LockOwner,
} from "../model/lifecycle/lock";
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
    script: changeLockScript(ownerOf(machine, run), context.spec.rollout.maxUnavailable),
    name: "lock for changes",
    waits: "waits until other nodes are changed and healthy",
  };
  return holding(context, machine, lock, work);
}

/**
 * Runs `work`, which drains the machine's node, changes it and ends when it is well and let in again, while the machine has the drain lock.
 * No more nodes of its pool are unavailable at a time than the change allows, those included that an earlier run left.
 * @throws HostProblem when the change of another machine failed before, or where nodes that nobody works on leave no room
 */
export async function withDrainLock<T>(
  context: LockContext,
  machine: ClusterMachine,
  change: DrainingChange,
  work: (stillHeld: StillHeld) => Promise<T>,
  { run = thisRun(), keeper }: { readonly run?: string; readonly keeper?: string } = {},
): Promise<T> {
  const lock = {
    keeper: keeper ?? (await keeperOf(context, machine)),
    script: drainLockScript(ownerOf(machine, run), change),
    name: "drain lock",
    waits: `waits for other nodes${change.target === undefined ? " before it leaves" : ""}: ${waitsFor(machine, change)}`,
    ...(change.target === undefined ? { undone: "is not removed, and nothing was changed" } : {}),
    blocked: (by: string) => blockedWords(machine, blockedBy(by)),
  };
  return holding(context, machine, lock, work);
}

function waitsFor({ role, pool }: ClusterMachine, { target, maxUnavailable }: DrainingChange): string {
  if (role !== "worker") return "control-plane nodes are drained one at a time";
  const first = target === undefined ? "" : ", and the first node of a pool goes alone";
  return `maxUnavailable of pool ${pool} is ${maxUnavailable}${first}`;
}

/** Why a node is not drained, and how to go on. */
export function blockedWords(
  { role, pool }: ClusterMachine,
  { limit, total, unready, left }: Blocking,
): string {
  const nodes = role === "worker" ? `${total} nodes of pool ${pool}` : `${total} control-plane nodes`;
  const reasons = [
    ...unready.map((name) => `${name} is not Ready`),
    ...left.map((name) => `${name} was left cordoned by an earlier run`),
  ];
  const cures = [
    ...(unready.length === 0 ? [] : [`Mend ${unready.join(", ")}, or remove it from the settings`]),
    ...(left.length === 0
      ? []
      : [`Let the step of ${left.join(", ")} run first: raise --parallel, or name it with --target`]),
  ];
  return `${limit} of the ${nodes} may be unavailable at a time, and ${reasons.join(", ")}. ${cures.join(". ")}. Then run up again`;
}

/** The first control-plane node that answers: the same for all steps of a run. */
function keeperOf(context: ClusterContext, machine: ClusterMachine): Promise<string> {
  return controlPlaneNode(context, machine, { for: "the order of changes" });
}
