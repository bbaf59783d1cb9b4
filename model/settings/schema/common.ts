import { BLOCKER_KINDS } from "../../upgrade/blocker";
import { z } from "zod";

import { DEFAULT_KUBERNETES_VERSION, type SettableVersion } from "../../versions";
import { DEFAULTS } from "../defaults";
import type { DownloadName } from "../resolved";
import { cniSchema } from "../../cni";
import {
  certificate,
  certificateName,
  cidr,
  dnsLabel,
  dnsName,
  document,
  extraArgs,
  httpsUrl,
  httpUrl,
  mirrorUrl,
  imageTag,
  matching,
  repository,
  secretName,
  semver,
  sha256,
  text,
} from "./primitives";
import { backupSchema, restoreSchema } from "../../etcd/backup/schema";
import { maintenanceSchema } from "../../maintenance/schema";
import { windowsChecksums } from "../../windows/schema";

const mtu = z.number().int().min(1280).max(65535);

/** Address ranges that every platform has. */
export const networkShape = {
  serviceCidr: cidr.default(DEFAULTS.serviceCidr),
  peers: z.array(z.strictObject({ name: dnsLabel, cidr })).default([]),
  maxNodes: z.number().int().min(1).max(5000).default(DEFAULTS.maxNodes),
  podsPerNode: z.number().int().min(1).max(1000).default(110),
  nodeCidrMaskSize: z.number().int().min(16).max(30).default(24),
  clusterDomain: dnsName.default(DEFAULTS.clusterDomain),
  nodePortRange: matching(/^\d{1,5}-\d{1,5}$/, "two ports separated by a dash, such as 30000-32767").default(
    "30000-32767",
  ),
  mtu: mtu.optional(),
};

// Image tags: the OCI distribution specification's grammar.

const versionShape: Record<SettableVersion, z.ZodOptional<typeof semver>> = {
  containerd: semver.optional(),
  runc: semver.optional(),
  cniPlugins: semver.optional(),
  crictl: semver.optional(),
  pause: imageTag.optional(),
  etcd: imageTag.optional(),
  coredns: imageTag.optional(),
  flannel: imageTag.optional(),
  flannelCniPlugin: imageTag.optional(),
};

const checksum = z.strictObject({ amd64: sha256.optional(), arm64: sha256.optional() });
const perArchitecture = checksum.optional();

const checksumShape: Record<DownloadName, typeof perArchitecture> = {
  kubeadm: perArchitecture,
  kubelet: perArchitecture,
  kubectl: perArchitecture,
  containerd: perArchitecture,
  runc: perArchitecture,
  cniPlugins: perArchitecture,
  crictl: perArchitecture,
};

// Host and path of a registry, without scheme (OCI distribution specification).

/** It becomes a part of resources' names. */
export const rotationName = matching(
  /^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/,
  "1 to 20 lowercase letters, digits and dashes, such as 2026-12",
);

// Goes into files of systemd and the shell as a list with commas.
const noProxy = matching(
  /^[A-Za-z0-9.*:/[\]_-]+$/,
  "one host, domain or range per entry, such as .example.com or 10.0.0.0/8",
);

const level = z.enum(["privileged", "baseline", "restricted"]);

const absolutePath = text((value) =>
  /^\/[^\s]+$/.test(value) &&
  !value.split("/").includes("..") &&
  !value.endsWith("/") &&
  !value.includes("//")
    ? undefined
    : {
        message: "is not an absolute path",
        allowed: "a path from the root without .., such as /etc/kubernetes/extra",
      },
);

/** Files of a component: the text, or the name of the secret that holds it. */
const componentFiles = z.record(
  matching(/^[a-z0-9][a-z0-9._-]{0,62}$/, "a file's name: a-z, 0-9, dot, dash and underscore"),
  z.union([z.string().min(1), z.strictObject({ secret: secretName })]),
);

const componentShape = {
  extraArgs: extraArgs.optional(),
  extraVolumes: z
    .array(
      z.strictObject({
        name: dnsLabel,
        hostPath: absolutePath,
        mountPath: absolutePath,
        readOnly: z.boolean().default(true),
        pathType: z.enum(["Directory", "DirectoryOrCreate", "File", "FileOrCreate"]).default("Directory"),
      }),
    )
    .optional(),
  files: componentFiles.optional(),
};

const component = z.strictObject(componentShape).prefault({});

/** What people accept that stands against an upgrade. */
export const ignoredBlockers = z
  .array(
    matching(
      new RegExp(`^(${BLOCKER_KINDS.join("|")})/\\S+$`),
      `a blocker as the report names it, such as podDisruptionBudget/shop/web: one of ${BLOCKER_KINDS.join(", ")}, and its name`,
    ),
  )
  .default([]);

/** Versions of an upgrade over several minor versions: kubeadm's checksums by version. */
export const hopVersions = z
  .record(matching(/^\d+\.\d+\.\d+$/, "a version such as 1.35.8"), checksum)
  .default({});

/** What every platform has. */
export const commonShape = {
  name: dnsLabel.optional(),
  domain: dnsName.default("internal"),
  kubernetesVersion: semver.default(DEFAULT_KUBERNETES_VERSION),
  versions: z.strictObject(versionShape).optional(),
  cni: cniSchema.optional(),
  apiServer: z
    .strictObject({
      ...componentShape,
      certSans: z.array(certificateName).default([]),
      admissionConfiguration: z.record(z.string(), document).optional(),
    })
    .prefault({}),
  controllerManager: component,
  scheduler: component,
  etcd: z
    .strictObject({
      extraArgs: extraArgs.optional(),
      backup: backupSchema.optional(),
      restore: restoreSchema.optional(),
    })
    .prefault({}),
  kubelet: z.strictObject({ config: document.default({}) }).prefault({}),
  kubeProxy: z
    .strictObject({ mode: z.enum(["nftables", "iptables"]).optional(), config: document.default({}) })
    .prefault({}),
  containerd: z.strictObject({ dropIn: z.string().optional() }).prefault({}),
  ignorePreflightErrors: z
    .array(matching(/^[A-Za-z0-9][A-Za-z0-9-]*$/, "names of kubeadm's checks, such as Swap"))
    .default([]),
  oidc: z
    .strictObject({
      issuerUrl: httpsUrl,
      clientId: z.string().min(1),
      usernameClaim: z.string().min(1).default(DEFAULTS.oidcUsernameClaim),
      usernamePrefix: z.string().optional(),
      groupsClaim: z.string().min(1).optional(),
      groupsPrefix: z.string().optional(),
      requiredClaims: z.record(z.string(), z.string()).optional(),
      ca: secretName.optional(),
    })
    .optional(),
  proxy: z
    .strictObject({
      http: httpUrl.optional(),
      https: httpUrl.optional(),
      noProxy: z.array(noProxy).optional(),
      credentials: secretName.optional(),
    })
    .optional(),
  downloads: z
    .strictObject({
      mirror: httpUrl.optional(),
      checksums: z.strictObject(checksumShape).optional(),
      windows: windowsChecksums.optional(),
    })
    .optional(),
  images: z
    .strictObject({
      repository: repository.default("registry.k8s.io"),
      mirrors: z.record(z.string(), z.array(mirrorUrl).min(1)).default({}),
      registries: z
        .record(
          z.string(),
          z.strictObject({
            credentials: secretName.optional(),
            token: secretName.optional(),
            ca: certificate.optional(),
            clientCertificate: certificate.optional(),
            clientKey: secretName.optional(),
          }),
        )
        .optional(),
    })
    .prefault({}),
  encryption: z
    .strictObject({
      provider: z.enum(["secretbox", "aescbc"]).default("secretbox"),
      keys: z.array(secretName).min(1).default(["generated"]),
      rotation: matching(
        /^[a-z0-9]([a-z0-9.-]{0,30}[a-z0-9])?$/,
        "1 to 32 of a-z, 0-9, '.' and '-', a letter or digit first and last, such as 2026-12",
      ).optional(),
    })
    .prefault({}),
  audit: z
    .strictObject({
      maxAge: z.number().int().min(1).max(3650).default(30),
      maxBackup: z.number().int().min(1).max(1000).default(10),
      maxSize: z.number().int().min(1).max(10_000).default(100),
      policy: document.optional(),
    })
    .prefault({}),
  podSecurity: z
    .strictObject({
      enforce: level.default("baseline"),
      audit: level.default("restricted"),
      warn: level.default("restricted"),
      exemptNamespaces: z.array(dnsLabel).default([]),
    })
    .prefault({}),
  certificates: z
    .strictObject({
      validityDays: z.number().int().min(1).max(3650).default(365),
      renewBeforeDays: z.number().int().min(1).max(3650).default(30),
      rotation: rotationName.optional(),
      rotationGraceSeconds: z.number().int().min(10).max(86_400).default(300),
    })
    .prefault({}),
  maintenance: maintenanceSchema.optional(),
  drainTimeoutSeconds: z.number().int().min(0).max(86400).default(120),
  protect: z.boolean().default(DEFAULTS.protect),
};
