# shellcheck shell=bash disable=SC2154,SC2034
# Uses: node/scripts/etcd.sh

nodes=$(kubectl get nodes -o 'jsonpath={range .items[*]}{.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}') || die "the API did not answer"
if ! find_etcd || ! list=$(etcdctl member list); then die "etcd does not answer"; fi
while read -r address; do [ -z "$address" ] || echo "##uses node $address"; done <<<"$nodes"
sed -n 's|^.*, https://\([0-9.]*\):2380, .*$|##uses controlPlane \1|p' <<<"$list"
