# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/use-kubernetes.sh lifecycle/scripts/manager-policy.sh
# Variables: node manager_policies kubelet_mark

# Nodes of an earlier version have it only where their host had another name when they joined.
flags=/var/lib/kubelet/kubeadm-flags.env
if [ -s "$flags" ] && ! grep -q -e --hostname-override= "$flags"; then
  sed -i "s/^KUBELET_KUBEADM_ARGS=\"/&--hostname-override=$node /" "$flags"
fi
switched=""
if [ "$(readlink "$link_folder/kubelet")" != "${binaries[kubelet]}" ]; then
  phase "kubelet $kubernetes_version"
  # kubeadm of 1.34 and older wrote it, a kubelet of 1.35 or newer does not start with it, and only kubeadm 1.35 takes it out, which a worker
  # may skip (cmd/kubeadm/app/cmd/phases/upgrade/postupgrade.go).
  if [ -s "$flags" ]; then sed -i -E 's/ ?--pod-infra-container-image=[^" ]*//' "$flags"; fi
  use_kubernetes
  switched=yes
fi
# Files of managers whose policy the settings changed; the running kubelet would write them again.
stale=()
for manager in cpu memory; do
  policy=$(policy "$manager")
  [ -z "$policy" ] || [ "$policy" = "${manager_policies[$manager]}" ] || stale+=("/var/lib/kubelet/${manager}_manager_state")
done
if [ -n "$switched" ] || [ "${#stale[@]}" -gt 0 ] || [ "$(kubelet_files)" != "$(cat "$kubelet_mark")" ]; then
  phase "restart kubelet"
  if [ "${#stale[@]}" -gt 0 ]; then
    note "what was handed out by another policy is forgotten: ${stale[*]}"
    systemctl stop kubelet
    rm -f "${stale[@]}"
  fi
  systemctl restart kubelet
fi
applied
# Installers of CNIs write over the file that is there, and keep its mode (CIS 1.1.9).
chmod 600 /etc/cni/net.d/* 2>/dev/null || true
