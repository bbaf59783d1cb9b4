import { script, type ScriptVariables } from "../core/script";

/** What jobs and boots say on a host; readable by root alone. */
export const hostLog = "/var/log/pulumi-kubeadm.log";

/** For `node/scripts/rotate-log.sh`: bytes at which the log becomes `.1`, so that there are two of that size at most, and what one job writes. */
export const logVariables: ScriptVariables = { log: hostLog, log_limit: 10_000_000 };

/** Bash function `rotate_log`, for before a job. */
export function rotateLog(): string {
  return script("node/scripts/rotate-log.sh", logVariables);
}
