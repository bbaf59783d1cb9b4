import { script, type ScriptVariables } from "../core/script";

/** What jobs and boots say on a host; readable by root alone. */
export const hostLog = "/var/log/pulumi-kubeadm.log";

/** For `node/scripts/rotate-log.sh`: bytes at which the log becomes `.1`, so that there are two of that size at most, and what one job writes. */
export const logVariables: ScriptVariables = { log: hostLog, log_limit: 10_000_000 };

/** Runs the script `<id>.sh` of a job, with its output in `<id>.log` and its exit status in `<id>.rc`. */
export function jobScript(job: { id: string; folder: string; name: string; seconds: number }): string {
  return script("node/scripts/job.sh", {
    id: job.id,
    jobs_folder: job.folder,
    job_name: job.name,
    time_limit: job.seconds,
    ...logVariables,
  });
}
