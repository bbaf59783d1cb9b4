# shellcheck shell=bash disable=SC2154
# Variables: log log_limit

# Before a job: not every host has logrotate, and jobs come one at a time.
rotate_log() {
  if [ "$(stat -c %s "$log" 2>/dev/null || echo 0)" -gt "$log_limit" ]; then mv -f "$log" "$log.1"; fi
}
