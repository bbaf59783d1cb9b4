#!/usr/bin/env bash
# shellcheck disable=SC2034
# Uses: node/scripts/waiting.sh
# Prelude: path

set -Eeuo pipefail
umask 022
reported=""
failed_line=0
failed_command=""
phase() { echo "##phase $1"; }
note() { echo "##note $1"; }
# Not in a command substitution, which would swallow its line.
die() {
  reported=yes
  echo "##error $1"
  exit 1
}
# at_exit STATUS: what a script does at its end, however it comes; scripts define it anew.
at_exit() { :; }
on_exit() {
  local status=$?
  if [ "$status" -ne 0 ] && [ -z "$reported" ]; then
    echo "##error exit status $status of line $failed_line: ${failed_command%%$'\n'*}"
  fi
  at_exit "$status" || true
}
trap 'failed_line=$LINENO failed_command=$BASH_COMMAND' ERR
trap on_exit EXIT
