import { script } from "../../core/script";
import { LABEL_DOMAIN } from "../../core/labelDomain";
import { systemdEnvironment, systemdUnit } from "../../core/systemd";
import { configFolder, paths } from "../../kubeadm/paths";
import type { ClusterMachine } from "../../machine";
import { proxyVariables } from "../../node/downloads";
import { proxyEnvironmentFile } from "../../node/setupSecrets";
import { ADMIN, RECORD_FILE, REWRITE_MARK, STATE_DIR } from "../../node/shell";
import type { RenderedFile } from "../../renderedFile";
import type { ProxySettings } from "../../settings/resolved";
import { NAME_PATTERN } from "./names";
import type { BackupSettings } from "./settings";

export const backupUnit = "pulumi-kubeadm-etcd-backup";
export const backupProgram = `/usr/local/sbin/${backupUnit}`;
const folder = `${configFolder}/backup`;

/** Where a control-plane node finds what the program reads; all but the configuration are secret. */
export const backupPaths = {
  folder,
  config: `${folder}/config.json`,
  /** 32 bytes in base64 that snapshots are encrypted with. */
  key: `${folder}/key`,
  sshKey: `${folder}/ssh-key`,
  s3Credentials: `${folder}/s3-credentials`,
  s3Ca: `${folder}/s3-ca.crt`,
} as const;

/** A Lease in kube-system says which node is at a run, and its annotations what the last snapshot is. */
export const BACKUP_LEASE = "pulumi-kubeadm-etcd-backup";
export const BACKUP_ANNOTATIONS = {
  /** Name of the newest snapshot. */
  snapshot: `${LABEL_DOMAIN}/snapshot`,
  /** When it was taken, as RFC 3339. */
  time: `${LABEL_DOMAIN}/snapshot-time`,
  /** When the newest snapshot by schedule was taken. */
  scheduled: `${LABEL_DOMAIN}/snapshot-scheduled`,
} as const;

/** What a control-plane node takes snapshots by. */
export interface BackupSpec {
  readonly name: string;
  readonly backup?: BackupSettings;
  readonly proxy?: ProxySettings;
}

export interface BackupProgram {
  /** Where the program and its secrets are. */
  readonly configFolder: string;
  /** Folder with etcdctl and etcdutl; "": those of the running etcd's image. */
  readonly tools: string;
  /** Words of etcdctl that lead to etcd. */
  readonly etcd: readonly string[];
  /** Words of kubectl that lead to the API. */
  readonly kubectl: readonly string[];
  readonly workFolder: string;
  readonly lockFile: string;
  readonly pki: string;
  /** The host's record of its node. */
  readonly record: string;
  readonly manifests: string;
  /** The API server's EncryptionConfiguration. */
  readonly encryption: string;
  /** Lies there while Secrets are rewritten. */
  readonly rewriteMark: string;
  /** URL of the metadata service of EC2. */
  readonly metadata: string;
}

const pki = `${paths.pki}/etcd`;

/** As a control-plane node has it. */
export function onNode(machine: Pick<ClusterMachine, "nodeAddress">): BackupProgram {
  const server = `https://${machine.nodeAddress}:6443`;
  return {
    configFolder: folder,
    tools: "",
    etcd: [
      ...["--endpoints", "https://127.0.0.1:2379", "--cacert", `${pki}/ca.crt`],
      ...["--cert", `${pki}/healthcheck-client.crt`, "--key", `${pki}/healthcheck-client.key`],
    ],
    kubectl: [
      ...["--kubeconfig", ADMIN, "--server", server, "--namespace", "kube-system"],
      ...["--request-timeout", "20s"],
    ],
    workFolder: `${STATE_DIR}/backup`,
    lockFile: `/run/${backupUnit}.lock`,
    pki: paths.pki,
    record: RECORD_FILE,
    manifests: "/etc/kubernetes/manifests",
    encryption: paths.encryption,
    rewriteMark: REWRITE_MARK,
    metadata: "http://169.254.169.254/latest/",
  };
}

/** The program that takes, lists and fetches snapshots. */
export function backupProgramText(program: BackupProgram): string {
  return script("etcd/backup/scripts/backup.py", {
    CONFIG_FOLDER: program.configFolder,
    WORK_FOLDER: program.workFolder,
    LOCK_FILE: program.lockFile,
    PKI: program.pki,
    RECORD: program.record,
    MANIFESTS: program.manifests,
    ENCRYPTION: program.encryption,
    REWRITE_MARK: program.rewriteMark,
    TOOLS: program.tools,
    ETCD: program.etcd,
    KUBECTL: program.kubectl,
    LEASE: BACKUP_LEASE,
    ANNOTATIONS: BACKUP_ANNOTATIONS,
    NAME: NAME_PATTERN,
    METADATA: program.metadata,
  });
}

/** What the program reads of the settings. */
export function backupConfig(
  clusterName: string,
  { schedule, keep, target }: BackupSettings,
  machine: Pick<ClusterMachine, "name">,
): string {
  const config = {
    clusterName,
    node: machine.name,
    keep,
    // Runs of one time on several nodes are closer together than this, and two times are further apart.
    leastAgeSeconds: schedule.leastGap / 2,
    target:
      target.kind === "s3"
        ? {
            kind: target.kind,
            bucket: target.bucket,
            prefix: target.prefix,
            region: target.region,
            endpoint: target.endpoint,
            // A certificate for *.s3.REGION covers no name with more dots.
            bucketInHost: target.aws && !target.bucket.includes("."),
            credentials: target.credentials !== undefined,
          }
        : target.kind === "ssh"
          ? {
              kind: target.kind,
              host: target.host,
              port: target.port,
              user: target.user,
              hostKey: target.hostKey,
              path: target.path,
            }
          : target,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Everything but keys that a control-plane node takes snapshots with; nothing where there are none to take. */
export function backupFiles(spec: BackupSpec, machine: ClusterMachine): RenderedFile[] {
  const { backup } = spec;
  if (backup === undefined) return [];
  const { target } = backup;
  return [
    { path: backupProgram, mode: "0755", content: backupProgramText(onNode(machine)) },
    { path: backupPaths.config, mode: "0600", content: backupConfig(spec.name, backup, machine) },
    ...(target.kind === "s3" && target.ca !== undefined
      ? [{ path: backupPaths.s3Ca, mode: "0600", content: target.ca }]
      : []),
    systemdUnit(`${backupUnit}.service`, {
      Unit: {
        Description: "Take a snapshot of etcd, where no other control-plane node has",
        ConditionPathExists: "/etc/kubernetes/manifests/etcd.yaml",
        Wants: "network-online.target",
        After: "kubelet.service network-online.target",
      },
      Service: {
        Type: "oneshot",
        ExecStart: `${backupProgram} run`,
        TimeoutStartSec: "3h",
        UMask: "0077",
        Nice: "10",
        IOSchedulingClass: "idle",
        ...proxyOf(spec),
      },
    }),
    systemdUnit(`${backupUnit}.timer`, {
      Unit: { Description: "Take snapshots of etcd" },
      Timer: {
        OnCalendar: backup.schedule.calendar,
        // The first one soon after the setting; a run that comes too early for the schedule takes none.
        OnActiveSec: "3min",
        AccuracySec: "1s",
        // A node that was off at the time: nothing is done twice, since it looks when the last snapshot was.
        Persistent: "true",
      },
      Install: { WantedBy: "timers.target" },
    }),
  ];
}

/** How the unit gets out; a password is not in it, since anybody on a host can read a unit. */
function proxyOf({ proxy }: Pick<BackupSpec, "proxy">): Record<string, string | string[]> {
  if (proxy?.credentials !== undefined) return { EnvironmentFile: proxyEnvironmentFile };
  const variables = proxyVariables(proxy === undefined ? {} : { proxy });
  return variables.length === 0
    ? {}
    : { Environment: variables.map(([name, value]) => systemdEnvironment(name, value)) };
}

/** Where each secret of the settings belongs, by its name. */
export function backupSecrets({ backup }: Pick<BackupSpec, "backup">): { path: string; secret: string }[] {
  const target = backup?.target;
  if (target?.kind === "ssh") return [{ path: backupPaths.sshKey, secret: target.key }];
  return target?.kind === "s3" && target.credentials !== undefined
    ? [{ path: backupPaths.s3Credentials, secret: target.credentials }]
    : [];
}

/** Takes away what an earlier setting of backups left on a control-plane node. */
export function dropFormerBackup(spec: BackupSpec, machine: ClusterMachine): string {
  const files = backupFiles(spec, machine).map(({ path }) => path);
  const secret =
    spec.backup === undefined ? [] : [backupPaths.key, ...backupSecrets(spec).map(({ path }) => path)];
  return script("etcd/backup/scripts/drop-former.sh", {
    backup_unit: backupUnit,
    backup_program: backupProgram,
    backup_folder: folder,
    backup_files: [...files, ...secret],
  });
}
