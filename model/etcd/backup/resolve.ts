import type { z } from "zod";
import { defined } from "../../core/defined";
import { bareHostKey } from "../../settings/sshKeys";
import { parseSchedule } from "./schedule";
import type { backupSchema } from "./schema";
import type { BackupSettings, BackupTarget } from "./settings";

type Filled = z.output<typeof backupSchema>;

/** @param region of the cluster, on AWS */
export function resolveBackup(input: Filled, region: string | undefined): BackupSettings {
  const schedule = parseSchedule(input.schedule) ?? { calendar: "", leastGap: 0, mostGap: 0 };
  return { schedule, keep: input.keep, target: resolveTarget(input.target, region) };
}

function resolveTarget(target: Filled["target"], ofCluster: string | undefined): BackupTarget {
  if (target.kind === "folder") return target;
  if (target.kind === "ssh") return { ...target, hostKey: bareHostKey(target.hostKey) };
  const { kind, bucket, prefix, endpoint, ca, credentials } = target;
  const region = target.region ?? (endpoint === undefined ? ofCluster : undefined) ?? "us-east-1";
  return {
    kind,
    bucket,
    prefix: prefix === undefined ? "" : `${prefix}/`,
    region,
    endpoint: (endpoint ?? `https://s3.${region}.${domainOf(region)}`).replace(/\/+$/, ""),
    aws: endpoint === undefined,
    ...defined({ ca, credentials }),
  };
}

/** AWS General Reference, "Amazon S3 endpoints and quotas". */
function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}
