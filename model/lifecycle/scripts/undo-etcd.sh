# shellcheck shell=bash disable=SC2154
# Uses: lifecycle/scripts/etcd-member.sh
# Variables: link_folder etcd_within

# The first that serves, in the order of what it costs: the former etcd with the data that is there; the newer one, which the former API server
# works with as well; and, where no other member has the data, the snapshot of before.
etcd_failed() { [ -n "$(crictl ps --all --quiet --state Exited --name '^etcd$' 2>/dev/null)" ] && [ -z "$(etcd_container)" ]; }
# restore_snapshot IMAGE: etcd's data becomes that of the snapshot.
restore_snapshot() {
  local folder name peer status=0
  folder=$(mktemp -d "$undo/image.XXXXXX")
  mv "$etcd_manifest" "$undo/etcd-held.yaml"
  no_etcd() { [ -z "$(etcd_container)" ]; }
  wait_for 120 1 no_etcd || status=1
  name=$(sed -n 's/^ *- --name=//p' "$undo/etcd-held.yaml")
  peer=$(sed -n 's/^ *- --initial-advertise-peer-urls=//p' "$undo/etcd-held.yaml")
  rm -rf "$undo/data"
  [ "$status" -ne 0 ] || ctr --namespace k8s.io images mount "$1" "$folder" >/dev/null || status=1
  # Revisions go on above those that clients have seen (etcd, "Disaster recovery").
  [ "$status" -ne 0 ] || "$folder/usr/local/bin/etcdutl" snapshot restore "$undo/etcd.db" --data-dir "$undo/data" --name "$name" --initial-advertise-peer-urls "$peer" \
    --initial-cluster "$name=$peer" --bump-revision 1000000000 --mark-compacted >/dev/null || status=1
  ctr --namespace k8s.io images unmount --rm "$folder" >/dev/null 2>&1 || true
  rmdir "$folder" 2>/dev/null || true
  if [ "$status" -eq 0 ]; then
    rm -rf /var/lib/etcd/pulumi-kubeadm-before-undo
    if [ -d /var/lib/etcd/member ]; then mv /var/lib/etcd/member /var/lib/etcd/pulumi-kubeadm-before-undo; fi
    cp -a "$undo/data/member" /var/lib/etcd/member
    sync -f /var/lib/etcd
    rm -rf "$undo/data"
  fi
  place_etcd "$undo/etcd-held.yaml"
  # What it has seen of the other data must not be served.
  crictl ps --quiet --name '^kube-apiserver$' | xargs -r crictl stop >/dev/null 2>&1 || true
  return "$status"
}
put_etcd_back() {
  local former newer
  if wait_for "$etcd_within" 1 member_serves; then return 0; fi
  former=$(etcd_image "$etcd_manifest")
  newer=$(etcd_image "$undo/etcd-newer.yaml" 2>/dev/null || true)
  if [ -n "$newer" ] && [ "$newer" != "$former" ]; then
    cp "$etcd_manifest" "$undo/etcd-former.yaml"
    place_etcd "$undo/etcd-newer.yaml"
    if wait_for "$etcd_within" 1 member_serves; then
      note "etcd stays at ${newer##*:}: it has the cluster's data in that version's format, and no write is lost. The former API server works with it"
      return 0
    fi
    place_etcd "$undo/etcd-former.yaml"
    if wait_for "$etcd_within" 1 member_serves; then return 0; fi
  fi
  if [ ! -s "$undo/etcd.db" ]; then
    note "etcd does not serve on this node, with the former files either: $(etcd_says). Its data stays as it is: the other members have what they agreed on"
    return 0
  fi
  if ! etcd_failed; then
    note "etcd starts, and does not serve yet; its data stays as it is"
    return 0
  fi
  if restore_snapshot "$former" && wait_for "$etcd_within" 1 member_serves; then
    if [ -s "$undo/etcd-serves-since" ]; then
      note "etcd has the data of before the upgrade again: what was written after $(cat "$undo/etcd-serves-since") is lost. The data that it did not start with is in /var/lib/etcd/pulumi-kubeadm-before-undo"
    else
      note "etcd has the data of before the upgrade again. No write is lost: the API server was stopped before the snapshot was taken"
    fi
  else
    note "etcd does not serve with its snapshot of before either: $(etcd_says). The snapshot stays at /var/lib/etcd/pulumi-kubeadm-undo.db"
    cp "$undo/etcd.db" /var/lib/etcd/pulumi-kubeadm-undo.db || true
  fi
}
if is_back "^$etcd_manifest\$" || [ -s "$undo/etcd.db" ]; then put_etcd_back; fi
