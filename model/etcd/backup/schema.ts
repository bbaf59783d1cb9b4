import { z } from "zod";

import { sshShape } from "../../settings/schema/ssh";
import { certificate, matching, originUrl, secretName, text } from "../../settings/schema/primitives";
import { parseSnapshotName } from "./names";
import { parseSchedule, SCHEDULE_RULE } from "./schedule";

const schedule = text((value) =>
  parseSchedule(value) === undefined
    ? { message: "is not a schedule of backups", allowed: SCHEDULE_RULE }
    : undefined,
);

/** What a reset or a reboot deletes, and what is not a place for files. */
const TAKEN = [
  "/boot",
  "/etc/cni",
  "/etc/containerd",
  "/etc/kubernetes",
  "/opt/cni",
  "/usr",
  "/var/lib/cni",
  "/var/lib/containerd",
  "/var/lib/etcd",
  "/var/lib/kubelet",
  "/var/lib/pulumi-kubeadm",
  "/run",
  "/var/run",
  "/tmp",
  "/var/tmp",
  "/proc",
  "/sys",
  "/dev",
];

const PATH_RULE = "letters, digits, '.', '_' and '-' between slashes, without '..'";

function isPlainPath(value: string): boolean {
  return /^\/?[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(value) && !value.split("/").includes("..");
}

/** The same path without slashes at its end, where that is all that is wrong. */
function withoutSlash(value: string): { nearest?: string } {
  const path = value.replace(/\/+$/, "");
  return isPlainPath(path) ? { nearest: path } : {};
}

const folder = text((value) => {
  const allowed = `an absolute path such as /var/backups/etcd: ${PATH_RULE}`;
  if (!value.startsWith("/")) return { message: "is not an absolute path", allowed };
  if (!isPlainPath(value)) return { message: "is not the path of a folder", allowed, ...withoutSlash(value) };
  const taken = TAKEN.find((one) => value === one || value.startsWith(`${one}/`));
  return taken === undefined
    ? undefined
    : { message: `is in ${taken}, which does not last or belongs to others`, allowed };
});

const remoteFolder = text((value) =>
  isPlainPath(value)
    ? undefined
    : {
        message: "is not a path",
        allowed: `a folder such as backups/prod: ${PATH_RULE}`,
        ...withoutSlash(value),
      },
);

// Amazon S3 User Guide, "General purpose bucket naming rules".
const bucket = matching(
  /^(?!xn--)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  "3 to 63 of a-z, 0-9, '.' and '-', a letter or digit first and last, without '..', and not an IPv4 address",
);

const prefix = text((value) =>
  isPlainPath(value) && !value.startsWith("/")
    ? undefined
    : {
        message: "is not a prefix",
        allowed: `a prefix such as etcd/prod: ${PATH_RULE}, without a slash at either end`,
      },
);

const region = matching(/^[a-z0-9-]{1,32}$/, "a region such as eu-central-1");

export const restoreSchema = text((value) =>
  parseSnapshotName(value) === undefined
    ? {
        message: "is not the name of a snapshot",
        allowed:
          "a name as pulumi-kubeadm-etcd-backup list prints it, such as etcd-0123456789abcdef-20261129T015500Z-r123456-e3.6.8-k1.36.4.snapshot",
      }
    : undefined,
);

export const backupSchema = z.strictObject({
  schedule: schedule.default("6h"),
  keep: z.number().int().min(1).max(10_000).default(28),
  target: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("folder"), path: folder }),
    z.strictObject({ kind: z.literal("ssh"), ...sshShape, path: remoteFolder }),
    z.strictObject({
      kind: z.literal("s3"),
      bucket,
      prefix: prefix.optional(),
      region: region.optional(),
      endpoint: originUrl.optional(),
      ca: certificate.optional(),
      credentials: secretName.optional(),
    }),
  ]),
});
