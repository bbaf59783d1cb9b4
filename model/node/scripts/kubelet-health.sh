# shellcheck shell=bash

kubelet_healthy() { curl --silent --fail --max-time 2 http://127.0.0.1:10248/healthz >/dev/null; }
# kubelet_said: the last error in the kubelet's log, in front of it ": ". Nothing where there is none.
kubelet_said() {
  local line
  line=$(journalctl --unit kubelet --output cat --no-pager --lines 200 2>/dev/null | grep -E '^([EF][0-9]{4} |[Ee]rror)' | tail -n 1 | cut -c -400) || true
  [ -z "$line" ] || printf ': %s' "$line"
}
