import type { BackupInput } from "../../etcd/backup/input";

/** Levels of the Pod Security Standards, from the most to the least permissive. */
export type PodSecurityLevel = "privileged" | "baseline" | "restricted";

/** Value of a flag. Numbers and booleans are passed as written; a list passes the flag several times. */
export type FlagValue = string | number | boolean | readonly (string | number | boolean)[];

/** Flags by name, without leading dashes. */
export type ExtraArgsInput = Record<string, FlagValue>;

/** Settings of a control-plane component. */
export interface ComponentInput {
  /**
   * Flags by name, without leading dashes. The library checks them against the flags of this Kubernetes version, and
   * refuses flags that another setting determines.
   *
   * @defaultValue none
   */
  extraArgs?: ExtraArgsInput;
  /**
   * More files and folders of the host that the pod mounts. They must already exist.
   *
   * @defaultValue none
   */
  extraVolumes?: readonly ExtraVolumeInput[];
  /**
   * Files for flags that name a file: the text, or the name of a secret with the text, by file name. Every
   * control-plane node gets them; a changed text restarts the component.
   *
   * @defaultValue none
   */
  files?: Record<string, string | SecretFileInput>;
}

/** A file whose text is a secret. */
export interface SecretFileInput {
  /** Name in `kubeadm:secrets` of the text. */
  secret: string;
}

/** A file or folder of the host that a component's pod mounts, as in kubeadm's configuration. */
export interface ExtraVolumeInput {
  /** Name of the volume, a DNS label. */
  name: string;
  /** Absolute path on the host. */
  hostPath: string;
  /** Absolute path in the pod. */
  mountPath: string;
  /**
   * Mounts it read-only.
   *
   * @defaultValue `true`
   */
  readOnly?: boolean;
  /**
   * What `hostPath` must be. The `OrCreate` types create it.
   *
   * @defaultValue `Directory`
   */
  pathType?: "Directory" | "DirectoryOrCreate" | "File" | "FileOrCreate";
}

/** Settings of kube-apiserver. */
export interface ApiServerInput extends ComponentInput {
  /**
   * More names in the API servers' certificates: DNS names, also `*.<name>`, and IPv4 addresses. They always contain
   * the endpoint and `access.host`.
   *
   * @defaultValue none
   */
  certSans?: readonly string[];
  /**
   * Configuration of admission plugins, by plugin, such as `EventRateLimit`. Use `podSecurity` for PodSecurity.
   *
   * @defaultValue none
   */
  admissionConfiguration?: Record<string, Record<string, unknown>>;
}

/** Settings of etcd. */
export interface EtcdInput {
  /**
   * Flags of etcd by name, without leading dashes.
   *
   * @defaultValue none
   */
  extraArgs?: ExtraArgsInput;
  /** Encrypted snapshots on a schedule, before each upgrade, and before a control-plane node leaves. */
  backup?: BackupInput;
  /**
   * Puts the cluster back to this snapshot at the target of `backup`, once: everything changed since is lost.
   *
   * @defaultValue none
   */
  restore?: string;
}

/** Login with tokens of an OpenID Connect issuer. */
export interface OidcInput {
  /** HTTPS URL of the issuer. */
  issuerUrl: string;
  /** Audience that tokens must contain. */
  clientId: string;
  /**
   * Claim with the user's name.
   *
   * @defaultValue `sub`
   */
  usernameClaim?: string;
  /**
   * Prefix of user names; `-` means none.
   *
   * @defaultValue none for claim `email`, otherwise the issuer's URL and `#`
   */
  usernamePrefix?: string;
  /**
   * Claim with the user's groups.
   *
   * @defaultValue none
   */
  groupsClaim?: string;
  /**
   * Prefix of group names; `-` means none.
   *
   * @defaultValue `oidc:`
   */
  groupsPrefix?: string;
  /**
   * Claims that a token must contain, with their values.
   *
   * @defaultValue none
   */
  requiredClaims?: Record<string, string>;
  /**
   * Name in `kubeadm:secrets` of the issuer's CA certificate.
   *
   * @defaultValue the host's CAs
   */
  ca?: string;
}

/** Encryption of Secrets in etcd. */
export interface EncryptionInput {
  /**
   * Encryption provider of the API server.
   *
   * @defaultValue `secretbox`
   */
  provider?: "secretbox" | "aescbc";
  /**
   * Names in `kubeadm:secrets`, or `generated`. The first key encrypts; all keys decrypt. `generated` is derived from
   * a protected key in the state.
   *
   * @defaultValue `[generated]`
   */
  keys?: readonly string[];
  /**
   * Name of the generated key, such as `2026-12`: another name is another key, and one `up` changes to it. Needs `generated` among
   * `keys`.
   *
   * @defaultValue none
   */
  rotation?: string;
}

/** The API server's audit log. */
export interface AuditInput {
  /**
   * How long to keep log files, in days.
   *
   * @defaultValue `30`
   */
  maxAge?: number;
  /**
   * How many old log files to keep.
   *
   * @defaultValue `10`
   */
  maxBackup?: number;
  /**
   * Size at which a log file is rotated, in MiB.
   *
   * @defaultValue `100`
   */
  maxSize?: number;
  /**
   * A Policy of `audit.k8s.io/v1`. The library's policy never logs bodies of Secrets and ConfigMaps.
   *
   * @defaultValue the library's
   */
  policy?: Record<string, unknown>;
}

/** Pod Security admission for namespaces without their own labels. */
export interface PodSecurityInput {
  /**
   * Level that pods must meet.
   *
   * @defaultValue `baseline`
   */
  enforce?: PodSecurityLevel;
  /**
   * Level below which a pod adds a note to the audit log.
   *
   * @defaultValue `restricted`
   */
  audit?: PodSecurityLevel;
  /**
   * Level below which a pod causes a warning.
   *
   * @defaultValue `restricted`
   */
  warn?: PodSecurityLevel;
  /**
   * Namespaces without Pod Security admission, besides `kube-system` and the CNI's namespace.
   *
   * @defaultValue none
   */
  exemptNamespaces?: readonly string[];
}

/** Certificates and keys of the cluster. CAs are valid for ten years. */
export interface CertificatesInput {
  /**
   * How long certificates are valid, in days.
   *
   * @defaultValue `365`
   */
  validityDays?: number;
  /**
   * How long before expiry a timer on each control-plane node renews them, in days; less than `validityDays`.
   *
   * @defaultValue `30`
   */
  renewBeforeDays?: number;
  /**
   * Name of the latest rotation, such as `2026-12`: a new name replaces all three CAs, the service-account key and every certificate
   * and token of the cluster, on all nodes, in one `up`. Lowercase letters, digits and dashes; 20 characters at most. Once set it
   * cannot be removed. Not with Windows workers.
   *
   * @defaultValue none: the cluster keeps its first CAs and keys
   */
  rotation?: string;
  /**
   * Seconds for which a rotation waits between new tokens for all pods and the end of the old ones. Programs read their token again
   * meanwhile: those with client-go do every minute, and Kubernetes asks all to do it every five. 10 to 86400.
   *
   * @defaultValue `300`
   */
  rotationGraceSeconds?: number;
}
