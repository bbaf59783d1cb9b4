# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: node kubernetes_version kubeadm cluster_document rolls_within

# kube-proxy may not be newer than an API server, so the last control-plane node to be upgraded takes it along; kubeadm's own upgrades
# wait for that too.
version_pattern=${kubernetes_version//./\\.}
behind=$(kubectl --namespace kube-system get pods --selector component=kube-apiserver --field-selector "spec.nodeName!=$node" -o 'jsonpath={range .items[*]}{.spec.nodeName}={.spec.containers[0].image}{"\n"}{end}' | sed -n "/:v$version_pattern\$/!s/=.*//p" | paste -sd ' ')
if [ -n "$behind" ]; then
  note "kube-proxy is not changed until the API servers of other control-plane nodes run $kubernetes_version too: $behind"
else
  phase "kube-proxy"
  proxy() { kubectl --namespace kube-system get configmap kube-proxy -o 'jsonpath={.data}' | sha256sum; }
  before_proxy=$(proxy)
  "$kubeadm" init phase addon kube-proxy --config "$cluster_document"
  mark_maps kube-proxy
  # kube-proxy reads its configuration when it starts, and kubeadm rolls nothing.
  [ "$before_proxy" = "$(proxy)" ] || kubectl --namespace kube-system rollout restart daemonset kube-proxy
  # A node whose kube-proxy is just coming up sends to pods that are gone by now: workers are drained when all are there.
  if [ "$before_rolled" != "$(rolled)" ]; then
    kubectl --namespace kube-system rollout status daemonset kube-proxy --timeout "${rolls_within}s" >/dev/null || note "kube-proxy is not updated on every node after $rolls_within s"
  fi
fi
