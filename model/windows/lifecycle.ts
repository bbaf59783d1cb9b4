import { DRAIN_HOOK, EXCLUDED_LABEL, HEARTBEAT, LAUNCH_HOOK, LET_GO } from "../aws/hooks";
import { poolGroupName } from "../aws/names";
import type { LifecycleSpec } from "../aws/boot/lifecycle";
import type { AwsPool } from "../aws/settings";
import { windowsHostScript, windowsPaths } from "./paths";

export const windowsLifecycleScript = `${windowsPaths.state}\\lifecycle.ps1`;

/**
 * Tells the group when the node is Ready, then watches for the end of the instance, as `lifecycle.py` does on Linux: it takes the
 * node out of balancers and moves its pods away with the kubelet's own credentials, and lets the group go on.
 */
export function windowsLifecycle(settings: LifecycleSpec, pool: AwsPool, region: string): string {
  return windowsHostScript("lifecycle", {
    group: poolGroupName(settings.name, pool.name),
    region,
    launchHook: LAUNCH_HOOK,
    drainHook: DRAIN_HOOK,
    excludedLabel: EXCLUDED_LABEL,
    joinTimeout: pool.joinTimeoutSeconds,
    heartbeat: HEARTBEAT,
    longest: Math.max(settings.drainTimeoutSeconds, LET_GO),
    letGoSeconds: LET_GO,
  });
}
