import type { BackupTarget } from "../etcd/backup/settings";
import { isAddress } from "../network/addresses";
import { ANYWHERE } from "./firewall";
import { awsOf, type AwsCluster } from "./spec";
import type { Statement } from "./statement";

/** The bucket that control-plane nodes reach by their role; undefined: there is none, or it has credentials of its own. */
function bucketOf({ etcd }: AwsCluster): Extract<BackupTarget, { kind: "s3" }> | undefined {
  const target = etcd?.backup?.target;
  return target?.kind === "s3" && target.aws && target.credentials === undefined ? target : undefined;
}

/** Below one prefix of one bucket. Removing is for those beyond `keep`; a bucket with versioning still keeps them. */
export function backupStatements(settings: AwsCluster): Statement[] {
  const target = bucketOf(settings);
  if (target === undefined) return [];
  const bucket = `arn:${awsOf(settings).partition}:s3:::${target.bucket}`;
  return [
    {
      sid: "KeepSnapshots",
      reason:
        "a timer writes encrypted snapshots of etcd, reads each back, and removes those that are too many",
      actions: ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"],
      resources: [`${bucket}/${target.prefix}*`],
    },
    {
      sid: "ListSnapshots",
      reason: "which snapshots there are",
      actions: ["s3:ListBucket"],
      resources: [bucket],
      ...(target.prefix === "" ? {} : { conditions: { StringLike: { "s3:prefix": `${target.prefix}*` } } }),
    },
  ];
}

/** Where control-plane nodes go for it, as security groups see it; undefined: a port that is open anyway. */
export function backupPort({
  etcd,
}: Pick<AwsCluster, "etcd">): { readonly cidr: string; readonly port: number } | undefined {
  const target = etcd?.backup?.target;
  if (target?.kind === "ssh")
    return { cidr: isAddress(target.host) ? `${target.host}/32` : ANYWHERE, port: target.port };
  if (target?.kind !== "s3") return undefined;
  const { hostname, port } = new URL(target.endpoint);
  if (port === "") return undefined;
  return { cidr: isAddress(hostname) ? `${hostname}/32` : ANYWHERE, port: Number(port) };
}
