# shellcheck shell=bash

# retry TRIES PAUSE COMMAND...: runs the command until it succeeds, PAUSE seconds apart. Fails when the last try fails; the caller says
# what did not happen. The command may be a function: it sees the caller's variables, and a failure in it ends nothing.
retry() {
  local retry_left=$1 retry_pause=$2
  shift 2
  until "$@"; do
    retry_left=$((retry_left - 1))
    if [ "$retry_left" -le 0 ]; then return 1; fi
    sleep "$retry_pause"
  done
}
# wait_for SECONDS PAUSE COMMAND...: the same by the clock, for commands that take long themselves.
wait_for() {
  local wait_end=$((SECONDS + $1)) wait_pause=$2
  shift 2
  until "$@"; do
    if [ "$SECONDS" -ge "$wait_end" ]; then return 1; fi
    sleep "$wait_pause"
  done
}
