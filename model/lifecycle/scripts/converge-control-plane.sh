# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/mark-maps.sh lifecycle/scripts/mirrors-current.sh
# Variables: node kubernetes_version kubeadm upgrade_flags cluster_document flags_document cert_sans kube_proxy

# Which rollout kube-proxy is at.
rolled() { kubectl --namespace kube-system get daemonset kube-proxy -o 'jsonpath={.metadata.generation}'; }
if [ -n "$kube_proxy" ]; then before_rolled=$(rolled); fi
if [ "$running" != "$kubernetes_version" ]; then
  # kubeadm renders the new version with the flags that the cluster has. Those of the settings go there first: the new version may not start
  # with a flag or a feature gate that the settings gave up with the former one.
  if [ -n "$running" ]; then
    phase "flags of the settings"
    sed "s/^kubernetesVersion: .*/kubernetesVersion: v$running/" "$cluster_document" >"$flags_document"
    "$kubeadm" init phase upload-config kubeadm --config "$flags_document"
    mark_maps kubeadm-config
  fi
  phase "kubeadm upgrade apply $kubernetes_version"
  mirrors_current
  "$kubeadm" upgrade apply --yes --skip-phases=preflight --etcd-upgrade=false "${upgrade_flags[@]}" "v$kubernetes_version"
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
"$kubeadm" upgrade node --certificate-renewal=false --etcd-upgrade=false "${upgrade_flags[@]}"
