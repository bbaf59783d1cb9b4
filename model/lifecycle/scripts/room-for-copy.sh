# shellcheck shell=bash
# Uses: lifecycle/scripts/keep-copies.sh

# A snapshot that does not fit would fill the disk that etcd writes to. kubeadm's copies, of releases that let it make them, go first.
room_for_copy() {
  local needed free
  keep_copies 2
  # Files of etcd may go while they are counted.
  needed=$({ du -sk /var/lib/etcd 2>/dev/null || true; } | cut -f 1)
  free=$(df -Pk /var/lib/etcd | awk 'NR == 2 { print $4 }')
  if [ "${needed:-0}" -gt 0 ] && [ "${free:-0}" -lt "$((needed + needed / 5))" ]; then keep_copies 1; fi
  free=$(df -Pk /var/lib/etcd | awk 'NR == 2 { print $4 }')
  if [ "${needed:-0}" -gt 0 ] && [ "${free:-0}" -lt "$((needed + needed / 5))" ]; then
    die "etcd is copied before it becomes another version: $((needed / 1024)) MiB and a fifth more, and $((free / 1024)) MiB are free below /var/lib/etcd. Free some space and run again"
  fi
}
