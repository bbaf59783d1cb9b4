/** Names of snapshots: which cluster's, when, and what can read it. What is inside says the same, and cannot be forged. */

/** Matches a whole name; its groups are the cluster, the time, etcd's revision, and the versions of etcd and Kubernetes. */
export const NAME_PATTERN =
  "^etcd-([0-9a-f]{16})-([0-9]{8}T[0-9]{6}Z)-r([0-9]{1,19})-e([0-9]+\\.[0-9]+\\.[0-9]+)-k([0-9]+\\.[0-9]+\\.[0-9]+)\\.snapshot$";

export interface SnapshotName {
  /** First 16 digits of the cluster's id. */
  readonly cluster: string;
  readonly time: Date;
  readonly revision: bigint;
  /** x.y.z. */
  readonly etcd: string;
  /** x.y.z. */
  readonly kubernetes: string;
}

/** @returns undefined for any other name */
export function parseSnapshotName(name: string): SnapshotName | undefined {
  const match = new RegExp(NAME_PATTERN).exec(name);
  if (match === null) return undefined;
  const [, cluster = "", stamp = "", revision = "", etcd = "", kubernetes = ""] = match;
  const time = new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  return Number.isNaN(time.getTime())
    ? undefined
    : { cluster, time, revision: BigInt(revision), etcd, kubernetes };
}
