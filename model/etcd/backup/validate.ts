import type { Checked } from "../../settings/checked";
import { parseSnapshotName } from "./names";
import { unreadableVersion } from "../restore/header";
import type { Problems } from "../../settings/problems";

const AT = ["etcd", "backup", "target"] as const;

/** A restore needs a target that has the snapshot, and a version that reads it. */
function validateRestore({ written, settings, refused }: Checked, problems: Problems): void {
  const { restore } = settings.etcd;
  if (restore === undefined || refused("etcd.restore")) return;
  const path = ["etcd", "restore"];
  if (written.etcd?.backup === undefined && !refused("etcd.backup"))
    problems.add(path, restore, "needs etcd.backup, whose target has the snapshot", {
      allowed: "etcd.backup as it was when the snapshot was taken",
    });
  if (refused("kubernetesVersion")) return;
  const taken = parseSnapshotName(restore);
  const wrong = taken && unreadableVersion(taken.kubernetes, settings.kubernetesVersion);
  if (wrong !== undefined)
    problems.add(path, restore, wrong, {
      allowed: `a snapshot of the minor version of ${settings.kubernetesVersion}, or of the one before`,
    });
}

/** What the target needs, where it has no default. */
export function validateBackup({ written, settings, refused }: Checked, problems: Problems): void {
  validateRestore({ written, settings, refused } as Checked, problems);
  const target = written.etcd?.backup?.target;
  if (target?.kind !== "s3" || refused("etcd.backup.target")) return;
  if (target.ca !== undefined && target.endpoint?.startsWith("http:") === true)
    problems.add([...AT, "ca"], target.ca, "has no effect: the endpoint is without TLS", {
      allowed: "no ca, or an endpoint with https://",
    });
  if (settings.platform === "aws") return;
  if (target.credentials === undefined)
    problems.add([...AT, "credentials"], undefined, "is missing: your own machines have no role of AWS", {
      allowed: "the name in kubeadm:secrets of ACCESS_KEY_ID:SECRET_ACCESS_KEY",
    });
  if (target.region === undefined && target.endpoint === undefined)
    problems.add([...AT, "region"], undefined, "is missing: your own machines are in no region of AWS", {
      allowed: "the region of the bucket, such as eu-central-1",
    });
}
