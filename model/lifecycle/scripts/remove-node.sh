# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: node/scripts/etcd.sh lifecycle/scripts/node-functions.sh
# Variables: machine node_address alive insist control_plane dead_members drain_timeout done_before balancer_program

cordoned="" deregistered="" happened=""
did() { happened="$happened${happened:+, }$1"; }
at_exit() { [ "$1" -eq 0 ] || echo "##error $done_before${happened:-nothing}"; }
uncordon() { if [ -n "$cordoned" ] && kubectl uncordon "$node"; then did "the node was uncordoned again"; fi; }
balancers() { python3 -I -c "$balancer_program" "$1" "$node_address" 2>&1; }
reregister() { if [ -n "$deregistered" ] && balancers register; then did "the load balancers have the node again"; fi; }
refuse() {
  if [ -n "$insist" ]; then
    note "$1; continuing anyway"
  else
    uncordon
    reregister
    die "$1"
  fi
}
# lead_from_here: the member of this host leads if the one that leaves does now. Without a leader etcd takes no writes until the others have
# elected one, and calls that wait for the former one wait longer. Nothing else depends on it.
lead_from_here() {
  local own said
  own=$(etcdctl endpoint status 2>/dev/null | awk -F ', ' 'NR == 1 { print $2 }') || return 0
  if [ -n "$own" ] && said=$(etcdctl --endpoints "https://$node_address:2379" move-leader "$own" 2>&1); then note "etcd: $said"; fi
}
found=$(kubectl get node "$node" --ignore-not-found -o name) || refuse "the API did not answer"
remove_dead "${dead_members[@]}"
if [ -n "$found" ] && [ -n "$alive" ]; then
  phase "drain $machine"
  # Whoever finds it refused lets pods come back, unless people had cordoned the node themselves.
  is_cordoned || cordoned=yes
  kubectl cordon "$node" || refuse "the node could not be cordoned"
  did "the node was cordoned"
  start=$(date +%s)
  # Pods that are still there when the time is up, as behind a disruption budget, do not keep the node.
  if ! drain "$drain_timeout"; then
    if [ $(($(date +%s) - start)) -lt "$((drain_timeout > 0 ? drain_timeout : 1))" ]; then refuse "the drain failed"; else note "the drain did not finish within $drain_timeout s"; fi
  fi
  did "its pods were moved away"
elif [ -n "$found" ]; then
  phase "cordon $machine"
  kubectl cordon "$node" || refuse "the node could not be cordoned"
fi
if [ -n "$balancer_program" ]; then
  phase "load balancers without $machine"
  # Half of it may be done when it fails.
  deregistered=yes
  if said=$(balancers deregister); then
    [ -z "$said" ] || note "$said"
    did "the load balancers let go of the node"
  else
    refuse "the load balancers do not let go of $machine: ${said##*$'\n'}"
  fi
fi
if [ -n "$control_plane" ]; then
  phase "etcd member $machine"
  if ! find_etcd || ! list=$(etcdctl member list); then
    refuse "etcd does not answer"
  else
    mapfile -t ids < <(member_ids "$node" "$node_address" <<<"$list")
    [ -z "$alive" ] || [ "${#ids[@]}" -eq 0 ] || lead_from_here
    for id in "${ids[@]}"; do remove_member "$id" "$machine"; done
    # A node whose etcd is out has no API server any more: it is for no pods, and the next run goes on from here.
    cordoned="" deregistered=""
  fi
fi
phase "delete node $machine"
delete_node || refuse "the Node could not be deleted"
