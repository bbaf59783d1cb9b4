# shellcheck shell=bash disable=SC2016,SC2154
# Uses: lifecycle/scripts/etcd-member.sh
# Variables: node kubernetes_version api_server well_within

phase "control plane well${kubernetes_version:+ with $kubernetes_version}"
missing=""
cluster() { kubectl --server "$api_server" --request-timeout 10s "$@"; }
well() {
  local image
  missing="the API server of $node does not answer"
  cluster get --raw /readyz >/dev/null 2>&1 || return 1
  for component in kube-apiserver kube-controller-manager kube-scheduler; do
    missing="$component of $node does not run"
    image=$(cluster --namespace kube-system get pod "$component-$node" -o 'jsonpath={.spec.containers[0].image} {.status.containerStatuses[0].ready}' 2>/dev/null) || return 1
    [ "${image##* }" = true ] || return 1
    missing="$component of $node runs ${image%% *}"
    [ -z "$kubernetes_version" ] || [[ ${image% *} = *:v$kubernetes_version ]] || return 1
  done
  missing="etcd has a member that does not serve"
  own_etcdctl endpoint health --cluster --command-timeout 5s >/dev/null 2>&1 || return 1
  missing=$(cluster get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' 2>/dev/null | sed -n '/ True$/!s/ .*//p' | paste -sd ' ') || return 1
  [ -z "$missing" ] || { missing="nodes are not Ready: $missing"; return 1; }
  missing="CoreDNS has no pod that is ready"
  [ "$(cluster --namespace kube-system get deployment coredns --ignore-not-found -o 'jsonpath={.spec.replicas}/{.status.readyReplicas}' 2>/dev/null | sed -n 's/^[1-9][0-9]*\/0*$/none/p')" = "" ] || return 1
  missing=""
}
wait_for "$well_within" 2 well || die "the control plane does not go on to another version: $missing"
