# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/room-for-copy.sh lifecycle/scripts/mark-maps.sh
# Variables: node kubernetes_version kubeadm upgrade_flags cluster_document cert_sans kube_proxy

# A run that was cut off may have left etcd or the API server on their way up.
retry 120 1 kubectl get --raw /readyz >/dev/null 2>&1 || die "the API has not answered for two minutes: it must run before it can be changed"
room_for_copy
# Which rollout kube-proxy is at.
rolled() { kubectl --namespace kube-system get daemonset kube-proxy -o 'jsonpath={.metadata.generation}'; }
if [ -n "$kube_proxy" ]; then before_rolled=$(rolled); fi
# mirror_is_current COMPONENT: whether the API shows the static pod that the kubelet runs; its uid is the hash of its manifest.
mirror_is_current() {
  local sandbox uid=
  sandbox=$(crictl pods --quiet --namespace kube-system --name "^$1-$node\$" --state ready | head -n 1)
  if [ -n "$sandbox" ]; then uid=$(crictl inspectp --output go-template --template '{{.status.metadata.uid}}' "$sandbox"); fi
  [ "$uid" = "$(kubectl --namespace kube-system get pod "$1-$node" --ignore-not-found -o 'jsonpath={.metadata.annotations.kubernetes\.io/config\.hash}')" ]
}
# kubeadm moves a manifest and waits five minutes for another hash in the API. What the API shows may be left of a node of the same
# name, or of a manifest that was put back: where that is the hash of the new manifest, kubeadm never sees it change.
mirrors_current() {
  local component
  for component in etcd kube-apiserver kube-controller-manager kube-scheduler; do
    retry 300 1 mirror_is_current "$component" || echo "the API does not show the static pod $component-$node that the kubelet runs" >&2
  done
}
running=$(kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' | sed -n 's/^kubernetesVersion: v//p')
if [ "$running" != "$kubernetes_version" ]; then
  phase "kubeadm upgrade apply $kubernetes_version"
  mirrors_current
  "$kubeadm" upgrade apply --yes "${upgrade_flags[@]}" "v$kubernetes_version"
fi
phase "upload configuration"
"$kubeadm" init phase upload-config all --config "$cluster_document"
mark_maps kubeadm-config kubelet-config
# The certificate of the API server names addresses; a changed list needs a new one, and kubeadm keeps what is there.
for name in "${cert_sans[@]}"; do
  if ! openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -ext subjectAltName | tr ', ' '\n' | sed 's/^Address://; s/^DNS://' | grep -xF "$name" >/dev/null; then
    phase "certificate of the API server"
    rm -f /etc/kubernetes/pki/apiserver.crt /etc/kubernetes/pki/apiserver.key
    "$kubeadm" init phase certs apiserver --config "$cluster_document"
    crictl ps --quiet --name '^kube-apiserver$' | xargs -r crictl stop
    break
  fi
done
phase "kubeadm upgrade node"
mirrors_current
"$kubeadm" upgrade node --certificate-renewal=false "${upgrade_flags[@]}"
