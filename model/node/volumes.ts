import { nodeScript } from "./paths";
import type { NodeSetupSpec } from "./spec";

/** Stands in a setup script for the id of the machine's own volume for etcd, which AWS gives it. */
export const ETCD_VOLUME_TOKEN = "${etcdVolume}";

/**
 * Disks of a control-plane node on AWS: the root volume in its whole size, and etcd on its own volume where there is one.
 */
export function volumesPhase({ volumes }: Pick<NodeSetupSpec, "volumes">): string {
  if (volumes === undefined) return "";
  return rootVolumePhase(volumes.rootGiB) + (volumes.etcd ? etcdVolumePhase() : "");
}

/** A volume that grew has grown partition and file system only after a boot (cloud-init, growpart); this does it now. */
function rootVolumePhase(sizeGiB: number): string {
  return nodeScript("root-volume", { root_gib: sizeGiB });
}

/**
 * Formats the volume when nothing at all is on it, and mounts it before the kubelet starts: an etcd that started beside its
 * volume would begin an empty cluster. The device is found by the volume's id, which NVMe shows as serial number (Amazon EBS
 * User Guide, "Map Amazon EBS volumes to NVMe device names"); names of devices change from boot to boot. kubeadm takes an
 * empty folder only, so `lost+found` goes; e2fsck makes it anew when it needs it.
 */
function etcdVolumePhase(): string {
  return nodeScript("etcd-volume", { etcd_volume: ETCD_VOLUME_TOKEN });
}
