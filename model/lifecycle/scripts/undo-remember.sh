# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/manager-policy.sh

for manager in cpu memory; do policy "$manager" >"$undo/policy-$manager"; done
