# shellcheck shell=bash disable=SC2154
# Uses: lifecycle/scripts/etcd-member.sh lifecycle/scripts/room-for-copy.sh
# Variables: kubeadm cluster_document undo_folder etcd_within api_server

# The library brings etcd up itself. kubeadm would put files back which it copied from a running etcd when a new one does not come up,
# in a member of three as well, and such a member has forgotten what it acknowledged (kubeadm, phases/upgrade/staticpods.go,
# performEtcdStaticPodUpgrade; etcd, "Disaster recovery").
phase "etcd"
rendered=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
KUBEADM_INIT_DRYRUN_DIR=$rendered "$kubeadm" init phase etcd local --config "$cluster_document" --dry-run >/dev/null
# With whom a member started is read once, for an empty data folder: one that joined is not restarted for what kubeadm writes of the first one.
if [ -e "$rendered/etcd.yaml" ] && [ -e "$etcd_manifest" ]; then
  awk '/ --initial-cluster(-state)?=/ { if (NR == FNR) { kept = kept $0 "\n" } else { printf "%s", kept; kept = "" }; next } NR > FNR' "$etcd_manifest" "$rendered/etcd.yaml" >"$rendered/kept.yaml"
  mv "$rendered/kept.yaml" "$rendered/etcd.yaml"
fi
# one_step IMAGE IMAGE: etcd's data goes from one minor version to the next, and not back (etcd, "Upgrading etcd clusters").
one_step() {
  local tag='.*:v?([0-9]+)\.([0-9]+)\.[^:]*$' major minor
  [[ $1 =~ $tag ]] || return 0
  major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
  [[ $2 =~ $tag ]] || return 0
  if [ "${BASH_REMATCH[1]}" = "$major" ] && [ "${BASH_REMATCH[2]}" -ge "$minor" ] && [ "${BASH_REMATCH[2]}" -le $((minor + 1)) ]; then return 0; fi
  die "etcd ${1##*:} cannot become ${2##*:}: it goes to the next minor version, and never back. Set versions.etcd to a version from ${1##*:} to the last of $major.$((minor + 1)), and run up; nothing was changed"
}
server_manifest=${etcd_manifest%/*}/kube-apiserver.yaml
server_runs() { [ -n "$(crictl ps --quiet --state Running --name '^kube-apiserver$' 2>/dev/null)" ]; }
server_stopped() { ! server_runs; }
# It asks this etcd alone. While that is away it would keep the connections of kubelets and others and answer nothing, until their nodes count
# as lost; one that stops sends them to another API server.
stop_server() {
  mv "$server_manifest" "$undo_folder/kube-apiserver.yaml"
  wait_for 120 1 server_stopped || die "the API server does not stop"
}
# Nobody writes between the snapshot and the end of the former etcd: where the snapshot has to be put back, nothing is missing in it.
hold_writes() {
  phase "snapshot of etcd before it becomes another version"
  room_for_copy
  stop_server
  own_etcdctl snapshot save /var/lib/etcd/pulumi-kubeadm-undo.db >/dev/null || die "etcd gives no snapshot: $(own_etcdctl endpoint status 2>&1 | tail -n 1)"
  mv -f /var/lib/etcd/pulumi-kubeadm-undo.db "$undo_folder/etcd.db.new"
  sync "$undo_folder/etcd.db.new"
  mv -f "$undo_folder/etcd.db.new" "$undo_folder/etcd.db"
}
start_server() {
  local new=${etcd_manifest%/*}/.kube-apiserver.yaml.new
  # From here on etcd takes what the snapshot does not have.
  date -u +%FT%TZ >"$undo_folder/etcd-serves-since"
  cp "$undo_folder/kube-apiserver.yaml" "$new"
  chmod 600 "$new"
  replace "$new" "$server_manifest"
  retry 240 1 kubectl --server "$api_server" get --raw /readyz >/dev/null 2>&1 || die "the API server does not answer with etcd ${image##*:}"
}
if [ -e "$rendered/etcd.yaml" ] && ! cmp -s "$rendered/etcd.yaml" "$etcd_manifest"; then
  image=$(etcd_image "$rendered/etcd.yaml")
  one_step "$(etcd_image "$etcd_manifest" 2>/dev/null || true)" "$image"
  crictl inspecti --quiet "$image" >/dev/null 2>&1 || crictl pull "$image" >/dev/null || die "the image $image cannot be pulled, so nothing was changed"
  cp "$rendered/etcd.yaml" "$undo_folder/etcd-newer.yaml"
  stopped=""
  if [ "$image" != "$(etcd_image "$etcd_manifest")" ]; then
    stopped=yes
    if [ "$(own_etcdctl member list | grep -c .)" = 1 ]; then
      hold_writes
    else
      phase "API server stops while etcd becomes another version"
      stop_server
    fi
  fi
  phase "etcd ${image##*:}"
  place_etcd "$rendered/etcd.yaml"
  wait_for "$etcd_within" 1 member_serves || die "etcd ${image##*:} does not serve within $etcd_within s: $(etcd_says)"
  if [ -n "$stopped" ]; then start_server; fi
fi
rm -rf "$rendered"
