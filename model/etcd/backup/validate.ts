import type { Checked } from "../../settings/checked";
import type { Problems } from "../../settings/problems";

const AT = ["etcd", "backup", "target"] as const;

/** What the target needs, where it has no default. */
export function validateBackup({ written, settings, refused }: Checked, problems: Problems): void {
  const target = written.etcd?.backup?.target;
  if (target?.kind !== "s3" || settings.platform === "aws" || refused("etcd.backup.target")) return;
  if (target.credentials === undefined)
    problems.add([...AT, "credentials"], undefined, "is missing: your own machines have no role of AWS", {
      allowed: "the name in kubeadm:secrets of ACCESS_KEY_ID:SECRET_ACCESS_KEY",
    });
  if (target.region === undefined && target.endpoint === undefined)
    problems.add([...AT, "region"], undefined, "is missing: your own machines are in no region of AWS", {
      allowed: "the region of the bucket, such as eu-central-1",
    });
}
