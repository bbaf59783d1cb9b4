# shellcheck shell=bash disable=SC2154
# Variables: snapshot restore_folder cluster_document binaries node node_address

phase "data of etcd"
# Of the running etcd, or else of the image that kubeadm is going to start.
mounted=""
at_exit() { if [ -n "$mounted" ]; then ctr --namespace k8s.io images unmount --rm "$mounted" >/dev/null 2>&1 || true; fi; }
find_etcdutl() {
  local container pid image folder
  container=$(crictl ps --quiet --state Running --name '^etcd$' | head -n 1)
  if [ -n "$container" ]; then
    pid=$(crictl inspect --output go-template --template '{{.info.pid}}' "$container")
    etcdutl=/proc/$pid/root/usr/local/bin/etcdutl
  else
    image=$("${binaries[kubeadm]}" config images list --config "$cluster_document" 2>/dev/null | grep '/etcd:')
    crictl pull "$image" >/dev/null
    folder=$(mktemp -d "$restore_folder/image.XXXXXX")
    ctr --namespace k8s.io images mount "$image" "$folder" >/dev/null
    mounted=$folder etcdutl=$folder/usr/local/bin/etcdutl
  fi
  [ -x "$etcdutl" ] || die "etcd's image has no etcdutl; official images of etcd have it since 3.6.5"
}
if [ "$(cat "$restore_folder/ready" 2>/dev/null)" != "$snapshot" ]; then
  find_etcdutl
  rm -rf "$restore_folder/data"
  # Revisions go on well above those that clients have seen, and what they watch is told to be gone: they list anew (etcd, "Disaster recovery").
  "$etcdutl" snapshot restore "$restore_folder/snapshot.db" --data-dir "$restore_folder/data" --name "$node" \
    --initial-advertise-peer-urls "https://$node_address:2380" --initial-cluster "$node=https://$node_address:2380" \
    --initial-cluster-token "$snapshot" --bump-revision 1000000000 --mark-compacted
  sync -f "$restore_folder"
  echo "$snapshot" >"$restore_folder/ready"
  sync "$restore_folder/ready"
  rm -f "$restore_folder/snapshot.db"
fi
