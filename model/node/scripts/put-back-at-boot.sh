#!/usr/bin/env bash
# shellcheck disable=SC2154
# Variables: undo job_unit host_log
# Prelude: path

# Puts a change back that a power cut ended: `files` at boot before the kubelet starts, `boot` after it, or whenever people want it.
set -uo pipefail
umask 077
if [ "$1" = job ]; then
  {
    echo "$(date -u +%FT%TZ) putting back a change that was cut off, at boot ($2)"
    /bin/bash "$undo/put-back" "$2"
  } 2>&1 | tee -a "$host_log"
  exit "${PIPESTATUS[0]}"
fi
while [ -e "$undo" ]; do
  # A unit of the name that steps use: neither runs beside the other.
  if said=$(systemd-run --quiet --collect --wait "--unit=$job_unit" "--description=pulumi-kubeadm: putting back a change that was cut off" /bin/bash "$0" job "$1" 2>&1); then
    rm -rf "$undo.done"
    echo "the former files are back: $host_log"
    exit 0
  fi
  case $said in
    *" already "*) ;;
    *)
      echo "$said the change is not put back: the next step does it, or bash $undo/at-boot boot. See $host_log"
      exit 1
      ;;
  esac
  # The kubelet must not wait for a step, which waits for the kubelet.
  [ "$1" != files ] || exit 0
  sleep 5
done
