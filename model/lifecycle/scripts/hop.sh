# shellcheck shell=bash disable=SC2034,SC2154
# Uses: lifecycle/scripts/mark-maps.sh lifecycle/scripts/mirrors-current.sh
# Variables: kubernetes_version kubeadm upgrade_flags

# Kubelets and kube-proxy may be older than the API server, and come with the last version: kubeadm leaves their configuration alone.
if [ "$running" != "$kubernetes_version" ]; then
  phase "kubeadm upgrade apply $kubernetes_version"
  mirrors_current
  "$kubeadm" upgrade apply --yes --skip-phases=preflight,upload-config/kubelet,kubelet-config,addon --etcd-upgrade=false "${upgrade_flags[@]}" "v$kubernetes_version"
  mark_maps kubeadm-config
else
  phase "kubeadm upgrade node $kubernetes_version"
  mirrors_current
  "$kubeadm" upgrade node --certificate-renewal=false --skip-phases=kubelet-config,addon --etcd-upgrade=false "${upgrade_flags[@]}"
fi
# Its API server is another one: it has to stay well for a while.
switched=yes
