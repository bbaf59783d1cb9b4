# shellcheck shell=bash disable=SC2154,SC2034
# Variables: etcd_volume

phase "etcd volume"
etcd_device() {
  local serial name
  for serial in /sys/block/nvme*/device/serial; do
    name=${serial#/sys/block/} && name=${name%%/*}
    [[ $name =~ ^nvme[0-9]+n[0-9]+$ && -r $serial ]] || continue
    if [ "$(tr -d ' \n' <"$serial")" = "${etcd_volume//-/}" ]; then echo "/dev/$name"; return 0; fi
  done
  # Xen's instance types have no serial numbers, and keep the name of the launch.
  if [ -b /dev/xvdf ]; then echo /dev/xvdf; return 0; fi
  return 1
}
if mountpoint --quiet /var/lib/etcd; then
  echo "/var/lib/etcd is on its volume"
elif [ -e /var/lib/etcd/member ]; then
  note "etcd's data stays on the root volume until the node's revision is raised"
else
  [[ $etcd_volume == vol-* ]] || die "the instance has no volume for etcd: it was started before controlPlane.etcdVolume was set. Raise its revision"
  [ -z "$(ls -A /var/lib/etcd 2>/dev/null)" ] || die "/var/lib/etcd is not empty, and etcd's volume would hide its files"
  device_is_there() { device=$(etcd_device); }
  retry 60 1 device_is_there || die "the volume $etcd_volume of etcd is not on the instance"
  status=0
  found=$(blkid --probe "$device") || status=$?
  case $status in
    # Nothing is on it (blkid(8), EXIT STATUS).
    2) mkfs.ext4 -q -L kubeadm-etcd "$device" ;;
    0) [[ $found == *' LABEL="kubeadm-etcd"'* ]] || die "the volume $etcd_volume for etcd is not blank and was not changed: $found" ;;
    *) die "blkid cannot tell what is on the volume $etcd_volume for etcd (exit status $status)" ;;
  esac
  uuid=$(blkid --probe --output value --match-tag UUID "$device")
  mkdir -p /var/lib/etcd /etc/systemd/system/kubelet.service.d
  cat >/etc/systemd/system/var-lib-etcd.mount <<END
[Unit]
Description=Volume of etcd

[Mount]
What=/dev/disk/by-uuid/$uuid
Where=/var/lib/etcd
Type=ext4
Options=noatime

[Install]
WantedBy=multi-user.target
END
  cat >/etc/systemd/system/kubelet.service.d/05-etcd-volume.conf <<END
[Unit]
RequiresMountsFor=/var/lib/etcd
END
  systemctl daemon-reload
  systemctl enable --now --quiet var-lib-etcd.mount
  if [ -d /var/lib/etcd/lost+found ]; then rmdir /var/lib/etcd/lost+found; fi
  chmod 0700 /var/lib/etcd
  echo "/var/lib/etcd is on $etcd_volume ($device)"
fi
