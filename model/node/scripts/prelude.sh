#!/usr/bin/env bash
# shellcheck disable=SC2034
# Prelude: path

set -Eeuo pipefail
umask 022
reported=""
failed_line=0
failed_command=""
phase() { echo "##phase $1"; }
note() { echo "##note $1"; }
die() {
  reported=yes
  echo "##error $1"
  exit 1
}
on_exit() {
  local status=$?
  if [ "$status" -ne 0 ] && [ -z "$reported" ]; then
    echo "##error exit status $status of line $failed_line: ${failed_command%%$'\n'*}"
  fi
}
trap 'failed_line=$LINENO failed_command=$BASH_COMMAND' ERR
trap on_exit EXIT
if [ "$(id -u)" -ne 0 ]; then die "the script must run as root"; fi
