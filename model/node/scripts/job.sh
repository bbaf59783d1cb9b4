# shellcheck shell=bash disable=SC2154
# Uses: node/scripts/rotate-log.sh
# Variables: id job_name time_limit jobs_folder log
# Prelude: path

echo $$ >"$id.pid"
rotate_log
TZ=UTC0 printf '%(%FT%TZ)T %s\n' -1 "$job_name" >>"$log"
chmod 600 "$log"
timeout --kill-after=30 "$time_limit" /bin/bash "$id.sh" </dev/null 2>&1 | tee -a "$log" >>"$id.log"
echo "${PIPESTATUS[0]}" >"$id.tmp" && mv "$id.tmp" "$id.rc"
# Scripts may hold secrets; those of jobs that were killed are swept up later, but not one that waits for its turn.
rm -f "$id.sh" "$id.wrap"
if compgen -G "$jobs_folder/*.sh" >/dev/null; then find "$jobs_folder" -name '*.sh' -mmin +120 -delete; fi
