# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/manager-policy.sh
# Variables: link_folder

# At boot its start waits for this script, and a stop would take that back.
stop_kubelet() { [ "$(systemctl show --property ActiveState --value kubelet.service)" = inactive ] || systemctl stop kubelet.service || true; }
# Another version of the kubelet wrote its checkpoints: they become those of before, while none runs.
if is_back "^$link_folder/kubelet\$"; then
  stop_kubelet
  rm -f /var/lib/kubelet/*_state
  for state in "$undo"/kubelet-state/*; do [ ! -f "$state" ] || cp -a "$state" /var/lib/kubelet/; done
fi
# What another policy has handed out would keep the kubelet from its start.
for manager in cpu memory; do
  if [ "$(policy "$manager")" = "$(cat "$undo/policy-$manager")" ]; then continue; fi
  stop_kubelet
  differs "/var/lib/kubelet/${manager}_manager_state"
  rm -f "/var/lib/kubelet/${manager}_manager_state"
done
