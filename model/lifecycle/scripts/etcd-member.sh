# shellcheck shell=bash disable=SC2154
# Uses: node/scripts/place.sh
# Variables: etcd_manifest

etcd_container() { crictl ps --quiet --state Running --name '^etcd$' 2>/dev/null | head -n 1; }
# own_etcdctl ARGUMENTS...: in etcd's container, for the member of this host.
own_etcdctl() { timeout 60 crictl exec "$(etcd_container)" etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key "$@"; }
etcd_image() { sed -n 's/^ *image: *//p' "$1" | head -n 1; }
# member_serves: etcd runs by the manifest that is there now, and commits what it is asked. A container that is older than the manifest is the
# former one, which the kubelet has not ended yet; a minute later it would have, so the manifest says what it said before.
member_serves() {
  local container created written
  container=$(etcd_container)
  [ -n "$container" ] || return 1
  created=$(date +%s -d "$(crictl inspect --output go-template --template '{{.status.createdAt}}' "$container" 2>/dev/null)" 2>/dev/null) || return 1
  written=$(stat -c %Z "$etcd_manifest")
  [ "$created" -gt "$written" ] || [ "$(($(date +%s) - written))" -gt 60 ] || return 1
  own_etcdctl endpoint health --command-timeout 5s >/dev/null 2>&1
}
# place_etcd FILE: the file becomes the manifest, in one step. The kubelet reads no file whose name begins with a dot.
place_etcd() {
  local new=${etcd_manifest%/*}/.etcd.yaml.new
  cp "$1" "$new"
  chmod 600 "$new"
  replace "$new" "$etcd_manifest"
}
# etcd_says: why it ended last, as far as its log tells.
etcd_says() {
  local container
  container=$(crictl ps --all --quiet --name '^etcd$' 2>/dev/null | head -n 1)
  if [ -n "$container" ]; then crictl logs --tail 20 "$container" 2>&1 | grep -E '"level":"(fatal|panic|error)"|^panic|^Error|flag provided' | tail -n 1 | cut -c 1-300; fi
}
