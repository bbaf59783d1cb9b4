import type { NodeSetupSpec } from "./spec";

/** Stands in a setup script for the id of the machine's own volume for etcd, which AWS gives it. */
export const ETCD_VOLUME_TOKEN = "${etcdVolume}";

/** What the library's file system is called; a volume with any other is somebody else's. */
const LABEL = "kubeadm-etcd";
const DATA = "/var/lib/etcd";
/** systemd.mount(5): a mount unit is named after its path. */
const MOUNT_UNIT = "var-lib-etcd.mount";
/** Seconds until a volume of the instance's launch has to be there. */
const PATIENCE = 60;

/** Disks of a control-plane node on AWS: the root volume in its whole size, and etcd on a volume of its own where there is one. */
export function volumesPhase({ volumes }: Pick<NodeSetupSpec, "volumes">): string {
  if (volumes === undefined) return "";
  return rootVolumePhase(volumes.rootGiB) + (volumes.etcd ? etcdVolumePhase() : "");
}

/** A volume that grew has grown partition and file system only after a boot (cloud-init, growpart); this does it now. */
function rootVolumePhase(sizeGiB: number): string {
  return `
phase "root volume"
grow_root() {
  local source part disk
  source=$(findmnt --noheadings --output SOURCE /) && part=\${source##*/}
  # An image whose root is no partition of a disk is left as it is.
  [ -e "/sys/class/block/$part/partition" ] || return 0
  disk=$(lsblk --noheadings --output PKNAME "$source" | head -n 1)
  if command -v growpart >/dev/null && growpart --dry-run "/dev/$disk" "$(cat "/sys/class/block/$part/partition")" >/dev/null 2>&1; then
    growpart "/dev/$disk" "$(cat "/sys/class/block/$part/partition")"
  fi
  case $(findmnt --noheadings --output FSTYPE /) in
    ext4) resize2fs "$source" 2>&1 | tail -n 1 ;;
    xfs) xfs_growfs / >/dev/null ;;
  esac
}
grow_root || note "the root file system could not grow to the volume's ${sizeGiB} GiB; it does at the next boot"
`;
}

/**
 * Formats the volume when nothing at all is on it, and mounts it before the kubelet starts: an etcd that started beside its
 * volume would begin an empty cluster. The device is found by the volume's id, which NVMe shows as serial number (Amazon EBS
 * User Guide, "Map Amazon EBS volumes to NVMe device names"); names of devices change from boot to boot. kubeadm takes an
 * empty folder only, so `lost+found` goes; e2fsck makes it anew when it needs it.
 */
function etcdVolumePhase(): string {
  return `
phase "etcd volume"
etcd_volume='${ETCD_VOLUME_TOKEN}'
etcd_device() {
  local serial name
  for serial in /sys/block/nvme*/device/serial; do
    name=\${serial#/sys/block/} && name=\${name%%/*}
    [[ $name =~ ^nvme[0-9]+n[0-9]+$ && -r $serial ]] || continue
    if [ "$(tr -d ' \\n' <"$serial")" = "\${etcd_volume//-/}" ]; then echo "/dev/$name"; return 0; fi
  done
  # Xen's instance types have no serial numbers, and keep the name of the launch.
  if [ -b /dev/xvdf ]; then echo /dev/xvdf; return 0; fi
  return 1
}
if mountpoint --quiet ${DATA}; then
  echo "${DATA} is on its volume"
elif [ -e ${DATA}/member ]; then
  note "etcd's data stays on the root volume until the node's revision is raised"
else
  [[ $etcd_volume == vol-* ]] || die "the instance has no volume for etcd: it was started before controlPlane.etcdVolume was set. Raise its revision"
  [ -z "$(ls -A ${DATA} 2>/dev/null)" ] || die "${DATA} is not empty, and would be hidden by etcd's volume"
  device=""
  for _ in $(seq 1 ${PATIENCE}); do
    device=$(etcd_device) && break
    sleep 1
  done
  [ -n "$device" ] || die "the volume $etcd_volume of etcd is not on the instance"
  status=0
  found=$(blkid --probe "$device") || status=$?
  case $status in
    # Nothing is on it (blkid(8), EXIT STATUS).
    2) mkfs.ext4 -q -L ${LABEL} "$device" ;;
    0) [[ $found == *' LABEL="${LABEL}"'* ]] || die "the volume $etcd_volume for etcd is not blank, and is left as it is: $found" ;;
    *) die "blkid cannot tell what is on the volume $etcd_volume for etcd (exit status $status)" ;;
  esac
  uuid=$(blkid --probe --output value --match-tag UUID "$device")
  mkdir -p ${DATA} /etc/systemd/system/kubelet.service.d
  cat >/etc/systemd/system/${MOUNT_UNIT} <<END
[Unit]
Description=Volume of etcd

[Mount]
What=/dev/disk/by-uuid/$uuid
Where=${DATA}
Type=ext4
Options=noatime

[Install]
WantedBy=multi-user.target
END
  cat >/etc/systemd/system/kubelet.service.d/05-etcd-volume.conf <<END
[Unit]
RequiresMountsFor=${DATA}
END
  systemctl daemon-reload
  systemctl enable --now --quiet ${MOUNT_UNIT}
  if [ -d ${DATA}/lost+found ]; then rmdir ${DATA}/lost+found; fi
  chmod 0700 ${DATA}
  echo "${DATA} is on $etcd_volume ($device)"
fi
`;
}
