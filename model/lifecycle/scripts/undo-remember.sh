# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/manager-policy.sh

for manager in cpu memory; do policy "$manager" >"$undo/policy-$manager"; done
# What a newer kubelet writes into its checkpoints, the former one may not read.
mkdir -p "$undo/kubelet-state"
for state in /var/lib/kubelet/*_state; do [ ! -f "$state" ] || cp -a "$state" "$undo/kubelet-state/"; done
