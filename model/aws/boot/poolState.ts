import { prelude } from "../../node/shell";
import { poolGroupName, statusPrefix } from "../names";
import { awsScript } from "../node/calls";
import { BOOT_LABEL, POOL_LABEL } from "../node/paths";

/** What an instance of a pool says of its boot, in its own parameter. */
export interface BootStatus {
  readonly instance: string;
  /** "" before the instance knows its name. */
  readonly node: string;
  /** Which rendering of the pool's boot it is about. */
  readonly boot: string;
  readonly state: "running" | "failed" | "joined";
  readonly phase: string;
  /** Exit status of what failed. */
  readonly exit: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly tail?: readonly string[];
}

/** A pool as a control-plane node sees it. */
export interface PoolState {
  /** Nodes of the rendering asked for, and whether they are Ready. */
  readonly nodes: readonly { readonly name: string; readonly ready: boolean }[];
  /** Statuses of that rendering. */
  readonly statuses: readonly BootStatus[];
  /** How many nodes of the pool came up with another rendering, and are to go. */
  readonly others: number;
}

/** An attempt of the pool's group to start or end an instance that failed (EC2 Auto Scaling API, Activity). */
export interface FailedActivity {
  /** As `2026-01-31T12:00:00Z`. */
  readonly StartTime: string;
  /** AWS' own words. */
  readonly StatusMessage: string;
}

/** Run on a control-plane node: prints what `readPoolState` reads. Changes nothing. */
export function poolStateScript(cluster: string, pool: string, boot: string): string {
  return `${prelude()}${awsScript("boot/scripts/pool-state.sh", {
    pool_selector: `${POOL_LABEL}=${pool}`,
    boot_label: BOOT_LABEL,
    boot,
    status_prefix: statusPrefix(cluster, pool),
  })}`;
}

/**
 * Run on a control-plane node: prints what `readActivities` reads; nothing if the group does not answer. Changes
 * nothing.
 */
export function activitiesScript(cluster: string, pool: string): string {
  return `${prelude()}${awsScript("boot/scripts/activities.sh", { group: poolGroupName(cluster, pool) })}`;
}

/** Run on a control-plane node when the pool is deleted: deletes what its instances said of their boots. */
export function forgetStatusesScript(cluster: string, pool: string): string {
  return `${prelude()}${awsScript("boot/scripts/forget-statuses.sh", { status_prefix: statusPrefix(cluster, pool) })}`;
}

/** What failed from that time on, in milliseconds since 1970, newest first. */
export function readActivities(output: string, since: number): FailedActivity[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("##activity {"))
    .map((line) => JSON.parse(line.slice("##activity ".length)) as FailedActivity)
    .filter(({ StartTime }) => Date.parse(StartTime) >= since);
}

/** Reads the output of `poolStateScript`; a status that is not valid JSON is somebody else's, and left out. */
export function readPoolState(output: string, boot: string): PoolState {
  const lines = output.split("\n");
  const nodes = lines
    .filter((line) => line.startsWith("##node "))
    .map((line) => line.split(" "))
    .map(([, name = "", ready]) => ({ name, ready: ready === "True" }));
  const statuses = lines
    .filter((line) => line.startsWith("##status "))
    .map((line) => readBootStatus(line.slice("##status ".length)))
    .filter((status) => status !== undefined && status.boot === boot) as BootStatus[];
  const others = lines.filter((line) => line.startsWith("##other ")).length;
  return { nodes, statuses, others };
}

/** A parameter of the store as the host prints it; undefined: it is somebody else's. */
export function readBootStatus(text: string): BootStatus | undefined {
  try {
    const { value } = JSON.parse(text) as { value: string };
    return JSON.parse(value) as BootStatus;
  } catch {
    return undefined;
  }
}
