# shellcheck shell=bash disable=SC2154
# Variables: backup_program backup_reason upgrade_to

# Before an upgrade of the cluster, and not of each control-plane node: those after the first change little of what etcd has.
if [ -n "$upgrade_to" ]; then
  running=$(kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' | sed -n 's/^kubernetesVersion: v//p') || running=""
  if [ "$running" = "$upgrade_to" ]; then exit 0; fi
fi
if [ ! -x "$backup_program" ]; then
  note "no snapshot was taken: this node has no backups yet"
  exit 0
fi
phase "snapshot of etcd"
said=$("$backup_program" now "$backup_reason" 2>&1) || die "${said##*$'\n'}"
note "${said%%$'\n'*}"
