/** What jobs and boots say on a host; readable by root alone. */
export const hostLog = "/var/log/pulumi-kubeadm.log";

/** Bytes at which the log becomes `.1`, so that there are two of that size at most, and what one job writes. */
const LIMIT = 10_000_000;

/** A line for before a job: not every host has logrotate, and jobs come one at a time. */
export const rotateLog = `if [ "$(stat -c %s ${hostLog} 2>/dev/null || echo 0)" -gt ${LIMIT} ]; then mv -f ${hostLog} ${hostLog}.1; fi`;
