# shellcheck shell=bash disable=SC2154
# Variables: kubeadm kubernetes_version check_flags cluster_document

refuse_checked() {
  printf '%s\n' "$said"
  die "kubeadm refuses $kubernetes_version, so nothing was changed"
}
# kubeadm gives a pod of a Job one minute to run, which a control plane that has just come up can miss. The check changes nothing.
checks_pass() {
  if said=$("$kubeadm" upgrade apply phase preflight --yes "${check_flags[@]}" "v$kubernetes_version" 2>&1); then return 0; fi
  case $said in
    *CreateJob*) return 1 ;;
    *) refuse_checked ;;
  esac
}

# What can refuse a version is asked before etcd or a manifest is touched: kubeadm's own checks, and whether each image is there.
running=$(kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' | sed -n 's/^kubernetesVersion: v//p')
# kubeadm would go back by a minor version. The cluster is ahead of the node's record where an upgrade over several versions stopped in between.
if [ -n "$running" ] && [ "$running" != "$kubernetes_version" ] && [ "$(printf '%s\n' "$running" "$kubernetes_version" | sort -V | tail -n 1)" = "$running" ]; then
  die "the cluster is at $running already, and cannot go back to $kubernetes_version; set kubernetesVersion to $running, or to the version that the upgrade was for"
fi
if ! grep -q "image: .*:v${kubernetes_version//./\\.}\$" /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null; then
  phase "images of $kubernetes_version"
  # CoreDNS is the library's own.
  for image in $("$kubeadm" config images list --config "$cluster_document" 2>/dev/null | grep -v /coredns: || true); do
    crictl inspecti --quiet "$image" >/dev/null 2>&1 || crictl pull "$image" >/dev/null || die "the image $image cannot be pulled, so nothing was changed"
  done
fi
if [ "$running" != "$kubernetes_version" ]; then
  phase "checks of kubeadm $kubernetes_version"
  wait_for 300 5 checks_pass || refuse_checked
fi
