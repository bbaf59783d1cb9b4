# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/config-maps.sh
# Variables: config_maps answers_within cluster_document link_folder

# The kubelet starts the static pods anew whose manifests differ; what the API holds follows when it answers.
if [ "$when" != boot ] && is_back '^/etc/kubernetes/pki/apiserver'; then crictl ps --quiet --name '^kube-apiserver$' | xargs -r crictl stop || true; fi
answers=""
if retry "$answers_within" 1 kubectl --server "$api_server" get --raw /readyz >/dev/null 2>&1; then answers=yes; fi
if [ -z "$answers" ] && [ "$when" = boot ]; then die "the files are back, and the API does not answer: the next step puts back what it holds of the cluster's configuration"; fi
[ -n "$answers" ] || note "the API does not answer with its former files either: what it holds of the cluster's configuration stays as the failed change left it"
# Whether the change that is put back wrote it last, or was cut off before it could say so.
wrote() {
  local by
  by=$(changed_by "$1") || return 1
  [ -z "$by" ] || [ "$by" = "$(cat "$undo/id")" ] || [ "$by" = "$(cat "$undo/$1.by" 2>/dev/null)" ]
}
for name in "${config_maps[@]}"; do
  if [ -z "$answers" ] || [ ! -s "$undo/$name.json" ] || [ "$(data "$name" || true)" = "$(cat "$undo/$name.json")" ]; then continue; fi
  if ! wrote "$name"; then
    note "configmap $name stays: another node has changed it since"
    continue
  fi
  kubectl --server "$api_server" --namespace kube-system patch configmap "$name" --type merge --patch-file "$undo/$name.json" >/dev/null || note "the API does not take the former $name"
  echo "put back configmap $name"
  echo "configmap/$name" >>"$undo/changed"
done
# kube-proxy may not be newer than an API server.
proxy_image() { kubectl --server "$api_server" --namespace kube-system get daemonset kube-proxy -o 'jsonpath={.spec.template.spec.containers[0].image}'; }
if [ -n "$answers" ] && [ -s "$undo/kube-proxy.image" ] && [ "$(proxy_image 2>/dev/null)" != "$(cat "$undo/kube-proxy.image")" ]; then
  "$link_folder/kubeadm" init phase addon kube-proxy --config "$cluster_document" >/dev/null || note "kube-proxy stays at $(proxy_image)"
  echo "put back daemonset kube-proxy"
fi
if is_back '^configmap/kube-proxy$'; then kubectl --namespace kube-system rollout restart daemonset kube-proxy >/dev/null || true; fi
