# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: node/scripts/etcd.sh lifecycle/scripts/node-functions.sh
# Variables: machine node_address control_plane dead_members

phase "forget $machine"
delete_node
if [ -n "$control_plane" ]; then
  if find_etcd; then
    member=$(etcdctl member list | member_ids "$node" "$node_address")
    if [ -n "$member" ]; then
      note "removing etcd member $machine"
      etcdctl member remove "$member"
    fi
  fi
  refuse() { die "$1"; }
  did() { :; }
  remove_dead "${dead_members[@]}"
fi
