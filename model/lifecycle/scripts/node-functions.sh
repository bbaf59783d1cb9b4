# shellcheck shell=bash disable=SC2154
# Variables: node upgrading

# annotation NAME: an annotation of the node, or nothing.
annotation() { kubectl get node "$node" -o "go-template={{with .metadata.annotations}}{{index . \"$1\"}}{{end}}" | sed 's/<no value>//'; }
is_cordoned() { [ "$(kubectl get node "$node" -o 'jsonpath={.spec.unschedulable}')" = true ]; }
# drain SECONDS: moves the node's pods away; `kubectl drain` waits for ever when it is given 0.
drain() { kubectl drain "$node" --ignore-daemonsets --delete-emptydir-data --force --timeout "$(($1 > 0 ? $1 : 1))s"; }
# delete_node: while etcd elects another leader, as it does when a member has just left, the API may not answer.
delete_node() {
  local pause
  for pause in 10 20 0; do
    if kubectl delete node "$node" --ignore-not-found --timeout 60s; then return 0; fi
    sleep "$pause"
  done
  return 1
}
