/** Locks that steps of one run share: how many living nodes may be drained or changed at the same time. */
import { sha256 } from "../core/hash";
import type { ClusterMachine } from "../machine";
import type { RolloutSettings } from "../settings/resolved";
import { UPGRADING } from "./draining";
import { lifecycleScript } from "./scripts";

/** Lines of a lock's script; the last names the machine whose change failed. */
export const LOCK = { held: "##lock held", waits: "##lock waits", failed: "##lock failed " } as const;
/** What the script is told when the change has ended. */
export const LOCK_DONE = "done\n";
export const LOCK_FAILED = "failed\n";
/** Exit status of a script that has not heard from its step (EX_TEMPFAIL); it can be run again. */
export const LOCK_SILENT = 75;

const FOLDER = "/run/pulumi-kubeadm/locks";
/** Seconds without a line after which the script ends; a step sends an empty one every 20. */
const SILENCE = 90;
/**
 * Seconds after its last line for which a step still has the lock: so long may it take to notice that its connection broke off
 * (70), and to dial again (60).
 */
const GRACE = 180;
/** Seconds for which a node that an earlier run left drained goes first. */
const FIRST_FOR = 60;

/** Who asks for a lock. */
export interface LockOwner {
  readonly machine: ClusterMachine;
  /** The same for all steps of one run of Pulumi. */
  readonly run: string;
  /** Another one for each step. */
  readonly step: string;
}

/** Holds the drain lock: one node at a time is drained. A node that an earlier run left drained goes first. */
export function drainLockScript(owner: LockOwner): string {
  return lockScript(owner, "drain");
}

/** Holds one of the locks for a change: control-plane nodes have one, workers as many as `rollout.maxUnavailable` lets. */
export function changeLockScript(owner: LockOwner, rollout: RolloutSettings): string {
  return lockScript(owner, "change", String(rollout.maxUnavailable));
}

/**
 * Run on a control-plane node. A lock is a file that names its step and when the step was last heard from, so it outlives the
 * step's connection: the step comes back to it within `GRACE`. After that another step takes it, and the former one has to wait
 * like everybody else. Time is the host's uptime, which no clock is set by. Once a change has failed, no other step of the run gets a lock.
 * @param maxUnavailable a number, or a share of the workers that is rounded down; one at least
 */
function lockScript(
  { machine, run, step }: LockOwner,
  kind: "drain" | "change",
  maxUnavailable = "1",
): string {
  return lifecycleScript("lock", {
    kind,
    role: machine.role,
    node: machine.nodeName,
    machine: machine.name,
    step,
    run_id: sha256(run).slice(0, 16),
    folder: FOLDER,
    upgrading: UPGRADING,
    max_unavailable: maxUnavailable,
    grace: GRACE,
    silence: SILENCE,
    first_for: FIRST_FOR,
    line_held: LOCK.held,
    line_waits: LOCK.waits,
    line_failed: LOCK.failed,
    silent_status: LOCK_SILENT,
  });
}
