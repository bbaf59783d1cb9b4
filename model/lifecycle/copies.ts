/** Where kubeadm keeps what it moves aside (constants.go, KubernetesDir and TempDir). */
const COPIES = "/etc/kubernetes/tmp";

/** What kubeadm leaves there: constants.CreateTimestampDir and MkdirTemp of phases/upgrade/staticpods.go and postupgrade.go. */
const KINDS = [
  "kubeadm-backup-etcd",
  "kubeadm-backup-manifests",
  "kubeadm-upgraded-manifests",
  "kubeadm-kubelet-config",
] as const;

/**
 * Each `kubeadm upgrade` of a control-plane node copies all of etcd first, whether or not anything of it changes, and nobody takes
 * the copies away (kubernetes/kubernetes#125357). The newest stays: kubeadm puts it back when an upgrade of etcd fails.
 */
export function keepCopiesFunction(): string {
  return `# keep_copies COUNT: the newest of each kind stay.
keep_copies() {
  local kind
  [ -d ${COPIES} ] || return 0
  for kind in ${KINDS.join(" ")}; do
    find ${COPIES} -mindepth 1 -maxdepth 1 -type d -name "$kind*" -printf '%T@ %p\\n' | sort -rn | tail -n "+$(($1 + 1))" | cut -d ' ' -f 2- | xargs -r -d '\\n' rm -rf
  done
}
`;
}

/**
 * Before an upgrade: runs that failed have left copies too, so that the last good one and one more stay. A copy that does not fit would fill
 * the disk that etcd writes to.
 */
export function roomForCopy(): string {
  return `keep_copies 2
# Files of etcd may go while they are counted.
needed=$({ du -sk /var/lib/etcd 2>/dev/null || true; } | cut -f 1)
free=$(df -Pk /etc/kubernetes | awk 'NR == 2 { print $4 }')
if [ "\${needed:-0}" -gt 0 ] && [ "\${free:-0}" -lt "$((needed + needed / 5))" ]; then keep_copies 1; fi
free=$(df -Pk /etc/kubernetes | awk 'NR == 2 { print $4 }')
if [ "\${needed:-0}" -gt 0 ] && [ "\${free:-0}" -lt "$((needed + needed / 5))" ]; then
  die "kubeadm copies etcd before it changes a control-plane node: $((needed / 1024)) MiB and a fifth more, and $((free / 1024)) MiB are free below /etc/kubernetes. Free some space and run again"
fi
`;
}
