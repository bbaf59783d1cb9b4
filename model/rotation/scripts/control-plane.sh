# shellcheck shell=bash disable=SC2154
# Uses: kubeadm/scripts/static-pods.sh rotation/scripts/trust-in.sh rotation/scripts/kubelet-restarts.sh
# Variables: renews cluster_document

if [ -n "$renews" ]; then
  phase "certificates by the new CAs"
  kubeadm certs renew all --config "$cluster_document"
fi
trust_in /etc/kubernetes/{admin,super-admin,controller-manager,scheduler,kubelet}.conf
# One after the other, and the next only when the last one answers again.
phase "restart etcd and kube-apiserver"
unbroken restart_etcd_and_api || die "etcd or kube-apiserver did not become healthy within three minutes of its restart: look at their logs (crictl logs) and at journalctl -u $restart_unit"
for name in kube-controller-manager kube-scheduler; do
  phase "restart $name"
  restart "$name" || die "$name did not become healthy within three minutes of its restart: look at its log (crictl logs)"
done
if [ -z "$renews" ]; then kubelet_restarts; fi
