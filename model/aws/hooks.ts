import type { AwsPool } from "./settings";

/** The lifecycle hooks of a pool's Auto Scaling group: what they are called, and how long the group waits for a node's answer. */

/** The hook that waits while a node is drained. */
export const DRAIN_HOOK = "drain";

/**
 * Seconds that the drain hook waits for a sign of a node, which gives one every minute while it drains. One that never joined
 * gives none, and is kept for that long.
 */
export const HOOK_TIMEOUT = 300;
/** Auto Scaling waits for a hundred times that at most (EC2 Auto Scaling User Guide, "Amazon EC2 Auto Scaling lifecycle hooks"). */
export const LONGEST_DRAIN = 100 * HOOK_TIMEOUT;

/** The hook that keeps a new instance out of service until it is a Ready node. */
export const LAUNCH_HOOK = "launch";

/** Least seconds of the launch hook: five heartbeats, and the two minutes between two tries of a boot. */
const LEAST_LAUNCH = 300;

/**
 * Seconds that the launch hook waits for a sign of a new instance, before the group ends it and starts another. The instance
 * gives one every minute for `joinTimeoutSeconds` seconds, so one that does not become a node lives twice that long at most. Within
 * what PutLifecycleHook takes, 30 to 7200.
 */
export function launchTimeout(pool: Pick<AwsPool, "joinTimeoutSeconds">): number {
  return Math.max(pool.joinTimeoutSeconds, LEAST_LAUNCH);
}

/** Seconds that a rolling refresh waits after a new node came into service, until it takes the next old one away. */
export const WARMUP = 60;

/** Seconds between two heartbeats of a node that drains or boots. */
export const HEARTBEAT = 60;

/** A node with this label gets no new connections from balancers of Services (kubernetes.io, "Well-Known Labels"). */
export const EXCLUDED_LABEL = "node.kubernetes.io/exclude-from-external-load-balancers";

/**
 * Seconds from that label until nothing comes through balancers any more. The cloud controller manager takes the node out
 * as soon as it sees the label; a network load balancer may send new flows to a target for up to a minute after that.
 */
export const LET_GO = 60;
