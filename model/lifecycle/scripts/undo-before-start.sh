# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/manager-policy.sh

# What another policy has handed out would keep the kubelet from its start.
for manager in cpu memory; do
  if [ "$(policy "$manager")" = "$(cat "$undo/policy-$manager")" ]; then continue; fi
  # At boot its start waits for this script, and a stop would take that back.
  [ "$(systemctl show --property ActiveState --value kubelet.service)" = inactive ] || systemctl stop kubelet.service || true
  differs "/var/lib/kubelet/${manager}_manager_state"
  rm -f "/var/lib/kubelet/${manager}_manager_state"
done
