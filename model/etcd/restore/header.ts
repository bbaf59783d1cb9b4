import { minorOf } from "../../versions";

/** What a snapshot says of itself; authenticated with its content. */
export interface SnapshotHeader {
  /** SHA-256 of the cluster CA's certificate. */
  readonly cluster: string;
  readonly clusterName: string;
  /** As RFC 3339. */
  readonly time: string;
  readonly etcd: string;
  readonly kubernetes: string;
  readonly revision: number;
  readonly keys: number;
  /** Names and digests of the keys that its Secrets may be encrypted with; undefined: an older version took it. */
  readonly encryption?: readonly string[];
}

function minorNumber(version: string): number {
  return Number((minorOf(version) ?? "0.0").split(".")[1]);
}

/**
 * Why a snapshot cannot be read by a cluster of that version; undefined: it can. An older minor than the one before is left out,
 * as kubeadm leaves it out of an upgrade.
 */
export function unreadableVersion(snapshot: string, kubernetesVersion: string): string | undefined {
  const [taken, now] = [minorNumber(snapshot), minorNumber(kubernetesVersion)];
  if (taken > now)
    return `is of Kubernetes ${snapshot}, newer than ${kubernetesVersion}: an API server does not read what a newer one wrote`;
  if (taken < now - 1)
    return `is of Kubernetes ${snapshot}, more than one minor version older than ${kubernetesVersion}: restore it with that version, and upgrade afterwards`;
  return undefined;
}

/** Why a snapshot is not of this cluster; undefined: it is. */
export function unsuitableCluster(
  header: Pick<SnapshotHeader, "cluster" | "clusterName">,
  cluster: string,
): string | undefined {
  return header.cluster === cluster
    ? undefined
    : `is of another cluster (${header.clusterName}, ${header.cluster.slice(0, 16)}; this one is ${cluster.slice(0, 16)})`;
}

/** Why a snapshot is not for this cluster; undefined: it is. */
export function unsuitable(
  header: SnapshotHeader,
  cluster: string,
  kubernetesVersion: string,
): string | undefined {
  return unsuitableCluster(header, cluster) ?? unreadableVersion(header.kubernetes, kubernetesVersion);
}

/** What is lost by a restore, as people say it. */
export function lostSince(time: string, now: number): string {
  return ageText((now - Date.parse(time)) / 1_000);
}

/** So many seconds, as people say them. */
export function ageText(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor((minutes % 1_440) / 60)];
  const parts = [
    ...(days === 0 ? [] : [`${days} d`]),
    ...(hours === 0 ? [] : [`${hours} h`]),
    `${minutes % 60} min`,
  ];
  return parts.join(" ");
}
