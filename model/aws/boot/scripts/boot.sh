#!/usr/bin/env bash
# shellcheck disable=SC2154
# Uses: node/scripts/proxy.sh node/scripts/rotate-log.sh aws/node/scripts/identity.sh
# Variables: boot status_prefix group launch_hook heartbeat join_timeout source_check_off bucket_parameter bundle become_node
# Prelude: path

# Fetches what makes this instance a node of its pool, and runs it; says how far it came, and why where it fails.
set -Eeuo pipefail
umask 022
export HOME=/root
phase=start
node=""
rotate_log
touch "$log"
chmod 600 "$log"
start=$(stat -c %s "$log")
exec >>"$log" 2>&1
publish() { # state, exit status
  aws status "$status_prefix" "$boot" "$node" "$1" "$phase" "$2" "$log" "$start" || echo "##note the status could not be published"
}
# The console is what EC2 shows of a host that reaches nothing (Get system log).
tell() { echo "pulumi-kubeadm: $*" 2>/dev/null >/dev/console || true; }
phase() {
  phase=$1
  tell "phase $1"
  echo "##phase $1"
  publish running 0
}
die() {
  echo "##error $1"
  exit 1
}
# While the boot goes on the group keeps the instance; one that is not a node in time is ended, and another started.
beat() {
  while [ "$(cut -d. -f1 /proc/uptime)" -lt "$join_timeout" ]; do
    aws beat "$group" "$launch_hook" >/dev/null 2>&1 || true
    sleep "$heartbeat"
  done
}
at_exit() { :; }
on_exit() {
  local status=$? inner
  trap - EXIT
  kill "$beating" 2>/dev/null || true
  at_exit
  if [ "$status" -ne 0 ]; then
    inner=$(tail -c "+$((start + 1))" "$log" | sed -n 's/^##phase //p' | tail -n 1)
    [ "$inner" = "$phase" ] || phase="$phase: $inner"
    tell "phase $phase failed with exit status $status: $(grep -v '^##phase' "$log" | tail -n 3 | tr '\n' ' ')"
    publish failed "$status"
  fi
  exit "$status"
}
beat &
beating=$!
trap on_exit EXIT
mkdir -p /run/pulumi-kubeadm /var/lib/pulumi-kubeadm
chmod 700 /run/pulumi-kubeadm

echo "##phase instance"
phase=instance
ask_metadata
if [ -n "$source_check_off" ]; then aws ec2 ModifyInstanceAttribute "InstanceId=$instance" SourceDestCheck.Value=false; fi
phase "boot files"
bucket=$(aws parameter "$bucket_parameter")
aws bundle "$bucket" "$bundle"
systemctl daemon-reload
# shellcheck source=/dev/null
. "$become_node"
