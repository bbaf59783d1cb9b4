# shellcheck shell=bash disable=SC2154

# This node's API server is asked where it answers: by the endpoint `kubectl` may reach the one whose etcd member was just removed, which
# answers nothing.
kubectl() {
  local own
  own=$(sed -n 's|^ *- --advertise-address=\(.*\)|https://\1:6443|p' /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null || true)
  if [ -n "$own" ] && ! command kubectl --server "$own" get --raw /readyz >/dev/null 2>&1; then own=""; fi
  command kubectl "$@" ${own:+--server "$own"}
}
# `etcdctl` in etcd's own container, and `find_etcd`, which fails where none runs.
find_etcd() { etcd=$(crictl ps --quiet --name '^etcd$' | head -n 1) && [ -n "$etcd" ]; }
etcdctl() { crictl exec "$etcd" etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key "$@"; }
# member_ids NODE ADDRESS: ids of the members in a list on standard input, by the node's name, or by its address when they never started.
member_ids() { awk -F ', ' -v name="$1" -v peer="https://$2:2380" '$3 == name || $4 == peer { print $1 }'; }
# remove_member ID NAME: etcd refuses what would cost its quorum; it also refuses for some seconds after a member came back, since it
# counts a member as active after 5 s (HealthInterval, server/etcdserver/server.go), so it is asked again before its answer counts; then
# `refuse` is called. What was done is told to `did`.
remove_member() {
  local said="" members=""
  retry 6 5 member_gone "$1" || { refuse "etcd does not let member $2 go: $said"; return; }
  [ -n "$members" ] || note "etcd member $2 ($1) is removed"
  did "etcd member $2 was removed"
}
# member_gone ID: the answer of the removal may have been lost on the way, so the list of members counts too.
member_gone() {
  members=""
  if said=$(etcdctl member remove "$1" 2>&1); then return 0; fi
  members=$(etcdctl member list) && ! grep -q "^$1," <<<"$members"
}
# remove_dead ID NAME...: takes members out that are dead and leave.
remove_dead() {
  if [ $# -eq 0 ]; then return 0; fi
  phase "dead etcd members"
  find_etcd || refuse "no etcd runs here"
  while [ $# -gt 0 ]; do
    remove_member "$1" "$2"
    shift 2
  done
}
