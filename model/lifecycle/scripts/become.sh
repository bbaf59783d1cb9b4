# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/use-kubernetes.sh
# Variables: undo_paths rotation_file

phase "kubernetes $kubernetes_version"
use_kubernetes
phase "clear"
# containerd may be starting again, and kubeadm does not wait for it.
retry 30 1 systemctl is-active --quiet containerd || true
if [ -e /etc/kubernetes/kubelet.conf ] || [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || [ -d /etc/kubernetes/manifests ] || [ -d /var/lib/etcd/member ]; then
  note "clearing what an interrupted run left"
  kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock || true
fi
systemctl stop kubelet || true
systemctl reset-failed kubelet 2>/dev/null || true
# What kubeadm's preflight takes for a node that is there already, also where it was cut off before the first of these files.
rm -rf /etc/kubernetes/manifests /etc/kubernetes/pki /etc/kubernetes/*.conf /var/lib/etcd/member
rm -rf "${undo_paths[@]}" "$rotation_file"
