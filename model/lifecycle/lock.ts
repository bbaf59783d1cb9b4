/** Locks that steps of one run share: how many living nodes may be drained or changed at the same time. */
import { sha256 } from "../core/hash";
import { LABEL_DOMAIN } from "../core/labelDomain";
import type { ClusterMachine } from "../machine";
import { LEAVING_TAINT, UPGRADING } from "./draining";
import { INTENDED_FILE } from "./intended";
import { lifecycleScript } from "./scripts";

/** How many may be unavailable at a time: a number, or a share such as `25%`, rounded down, as Deployments have it; one may always be. */
export type MaxUnavailable = number | string;

/** As `bound` of lock.sh, which has the last word: a share is rounded down, and one may always be away. */
export function portionOf(maxUnavailable: MaxUnavailable, total: number): number {
  const share = /^(\d+)%$/.exec(String(maxUnavailable))?.[1];
  return Math.max(
    1,
    share === undefined ? Number(maxUnavailable) : Math.floor((total * Number(share)) / 100),
  );
}

/** Annotation of a node that is well with a change: names the change. Once one node of a pool has it, the others go in portions. */
export const WELL_WITH = `${LABEL_DOMAIN}/well-with`;

/**
 * Lines of a lock's script. `waits` is followed by the nodes that it waits for, `failed` by the machine whose change failed, `blocked` by what
 * `blockedBy` reads. `blind`: the API does not tell which nodes are away.
 */
export const LOCK = {
  held: "##lock held",
  waits: "##lock waits",
  failed: "##lock failed ",
  blocked: "##lock blocked ",
  blind: "##lock blind",
} as const;
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
/** Seconds for which nodes that no step works on may keep the others waiting: a reboot, or a step that is still on its way. */
const STUCK_FOR = 180;
/** Seconds after which whoever still waits says so again. */
const TELL_EVERY = 600;

/** Who asks for a lock. */
export interface LockOwner {
  readonly machine: ClusterMachine;
  /** The same for all steps of one run of Pulumi. */
  readonly run: string;
  /** Another one for each step. */
  readonly step: string;
}

/** A change that drains nodes. */
export interface DrainingChange {
  /** Names what the node gets, the same on all nodes of its pool: `v1.36.4`; undefined: the node leaves the cluster. */
  readonly target: string | undefined;
  /** Nodes of the machine's pool that may be unavailable at a time. Control-plane nodes: one, whatever it says. */
  readonly maxUnavailable: MaxUnavailable;
}

/**
 * Holds the lock of a node that is drained. Each pool has its own bound. A node counts while its step holds the lock, from before it
 * is drained until it is let in again (`UPGRADING`), whatever became of its step, and while it is not Ready. The first node of a pool that gets a
 * change goes alone, and so does one that an earlier run left, which goes first. Nodes that the settings no longer have count while their own
 * steps hold the lock, or while they serve.
 */
export function drainLockScript(owner: LockOwner, { target, maxUnavailable }: DrainingChange): string {
  const { role, pool } = owner.machine;
  const worker = role === "worker";
  const group = groupOf(owner.machine);
  const selector = `node-role.kubernetes.io/${worker ? pool : "control-plane"}`;
  return lockScript(owner, {
    kind: "drain",
    group,
    counted: group,
    selector,
    target: target ?? "",
    leaves: target === undefined,
    max_unavailable: String(worker ? maxUnavailable : 1),
  });
}

/** Holds one of the locks for a change: control-plane nodes have one, workers as many as `maxUnavailable` of all of them. */
export function changeLockScript(owner: LockOwner, maxUnavailable: MaxUnavailable): string {
  const worker = owner.machine.role === "worker";
  const controlPlane = "node-role.kubernetes.io/control-plane";
  return lockScript(owner, {
    kind: "change",
    group: groupOf(owner.machine),
    counted: owner.machine.role,
    selector: worker ? `!${controlPlane}` : controlPlane,
    target: "",
    leaves: false,
    max_unavailable: String(worker ? maxUnavailable : 1),
  });
}

function groupOf({ role, pool }: ClusterMachine): string {
  return role === "worker" ? `${role}.${pool}` : role;
}

/** Nodes that no step works on, and that leave no room for another one. */
export interface Blocking {
  /** How many may be unavailable, and of how many. */
  readonly limit: number;
  readonly total: number;
  readonly unready: readonly string[];
  /** An earlier run began to change them. */
  readonly left: readonly string[];
}

/** Reads what follows `LOCK.blocked`. */
export function blockedBy(text: string): Blocking {
  const [front = "", left = ""] = text.split("|");
  const [limit, total, ...unready] = front.split(" ").filter((word) => word !== "");
  return {
    limit: Number(limit),
    total: Number(total),
    unready,
    left: left.split(" ").filter((word) => word !== ""),
  };
}

/**
 * Run on a control-plane node. A lock is a file that names its step and when the step was last heard from, so it outlives the
 * step's connection: the step comes back to it within `GRACE`. After that another step takes it, and the former one has to wait
 * like everybody else. Time is the host's uptime, which no clock is set by. Once a change has failed, no other step of the run gets a lock.
 */
function lockScript(
  { machine, run, step }: LockOwner,
  kind: {
    readonly kind: "drain" | "change";
    /** Whose lock it is, and whose locks count: the same, or what is in front of a dot. */
    readonly group: string;
    readonly counted: string;
    readonly selector: string;
    readonly target: string;
    readonly leaves: boolean;
    readonly max_unavailable: string;
  },
): string {
  return lifecycleScript("lock", {
    ...kind,
    node: machine.nodeName,
    machine: machine.name,
    step,
    run_id: sha256(run).slice(0, 16),
    folder: FOLDER,
    upgrading: UPGRADING,
    well_with: WELL_WITH,
    grace: GRACE,
    silence: SILENCE,
    first_for: FIRST_FOR,
    stuck_for: STUCK_FOR,
    tell_every: TELL_EVERY,
    line_held: LOCK.held,
    line_waits: LOCK.waits,
    line_failed: LOCK.failed,
    line_blocked: LOCK.blocked,
    line_blind: LOCK.blind,
    intended_file: INTENDED_FILE,
    leaving_taint: LEAVING_TAINT,
    silent_status: LOCK_SILENT,
  });
}
