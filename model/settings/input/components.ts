/** Levels of the Pod Security Standards, from everything to least. */
export type PodSecurityLevel = "privileged" | "baseline" | "restricted";

/** A flag's value: a number or boolean is passed as it is written; a list gives a flag several values. */
export type FlagValue = string | number | boolean | (string | number | boolean)[];

/** Flags by name, without the dashes. */
export type ExtraArgsInput = Record<string, FlagValue>;

/** A component of the control plane. */
export interface ComponentInput {
  /**
   * Flags by name, without the dashes, checked against the flags of this version. Flags that another setting decides are
   * refused.
   *
   * @defaultValue none
   */
  extraArgs?: ExtraArgsInput;
  /**
   * Further files and folders of the host that the pod sees. They must already exist on the host.
   *
   * @defaultValue none
   */
  extraVolumes?: ExtraVolumeInput[];
  /**
   * Files that flags name, by file name: the text, or the name of the secret that holds it. They go to every control-plane
   * node; a changed text restarts the component.
   *
   * @defaultValue none
   */
  files?: Record<string, string | SecretFileInput>;
}

/** A file whose text is a secret. */
export interface SecretFileInput {
  /** Name in `kubeadm:secrets` of the file's text. */
  secret: string;
}

/** A folder or file of the host that a component's pod sees, as in kubeadm's configuration. */
export interface ExtraVolumeInput {
  /** Name of the volume, a DNS label. */
  name: string;
  /** Absolute path on the host. */
  hostPath: string;
  /** Absolute path in the pod. */
  mountPath: string;
  /**
   * Whether the pod may only read it.
   *
   * @defaultValue `true`
   */
  readOnly?: boolean;
  /**
   * What must be there on the host.
   *
   * @defaultValue `Directory`
   */
  pathType?: "Directory" | "DirectoryOrCreate" | "File" | "FileOrCreate";
}

/** kube-apiserver. */
export interface ApiServerInput extends ComponentInput {
  /**
   * More names in the API servers' certificates: DNS names, `*.name`, IPv4 addresses. The endpoint and `access.host` are always
   * there.
   *
   * @defaultValue none
   */
  certSans?: string[];
  /**
   * Configuration that an admission plugin reads, by plugin, such as `EventRateLimit`. That of PodSecurity is `podSecurity`.
   *
   * @defaultValue none
   */
  admissionConfiguration?: Record<string, Record<string, unknown>>;
}

/** etcd. */
export interface EtcdInput {
  /**
   * Flags of etcd by name, without the dashes.
   *
   * @defaultValue none
   */
  extraArgs?: ExtraArgsInput;
}

/** Login with tokens of an OpenID Connect issuer. */
export interface OidcInput {
  /** URL of the issuer, with https. */
  issuerUrl: string;
  /** Audience that tokens must have. */
  clientId: string;
  /**
   * Claim that holds the user's name.
   *
   * @defaultValue `sub`
   */
  usernameClaim?: string;
  /**
   * Put before the user's name; `-` is not a prefix.
   *
   * @defaultValue none for claim `email`, else the issuer's URL and `#`
   */
  usernamePrefix?: string;
  /**
   * Claim that holds the groups.
   *
   * @defaultValue none
   */
  groupsClaim?: string;
  /**
   * Put before each group; `-` is not a prefix.
   *
   * @defaultValue `oidc:`
   */
  groupsPrefix?: string;
  /**
   * Claims that a token must have, with their values.
   *
   * @defaultValue none
   */
  requiredClaims?: Record<string, string>;
  /**
   * Name in `kubeadm:secrets` of the CA certificate of the issuer.
   *
   * @defaultValue the host's CAs
   */
  ca?: string;
}

/** Encryption of Secrets in etcd. */
export interface EncryptionInput {
  /**
   * How Secrets are encrypted.
   *
   * @defaultValue `secretbox`
   */
  provider?: "secretbox" | "aescbc";
  /**
   * Names in `kubeadm:secrets`, or `generated`. The first encrypts, all decrypt. `generated` is derived from a protected key in the
   * state.
   *
   * @defaultValue `[generated]`
   */
  keys?: string[];
}

/** The API server's audit log. */
export interface AuditInput {
  /**
   * How long logs are kept, in days.
   *
   * @defaultValue `30`
   */
  maxAge?: number;
  /**
   * How many old files are kept.
   *
   * @defaultValue `10`
   */
  maxBackup?: number;
  /**
   * Size at which a file is rotated, in MiB.
   *
   * @defaultValue `100`
   */
  maxSize?: number;
  /**
   * A Policy of `audit.k8s.io/v1`. The library's own never logs bodies of Secrets and ConfigMaps.
   *
   * @defaultValue the library's
   */
  policy?: Record<string, unknown>;
}

/** Pod Security admission of namespaces without their own label. */
export interface PodSecurityInput {
  /**
   * Level that is enforced.
   *
   * @defaultValue `baseline`
   */
  enforce?: PodSecurityLevel;
  /**
   * Level whose violations go to the audit log.
   *
   * @defaultValue `restricted`
   */
  audit?: PodSecurityLevel;
  /**
   * Level whose violations cause a warning.
   *
   * @defaultValue `restricted`
   */
  warn?: PodSecurityLevel;
  /**
   * Exempt namespaces. `kube-system` and the CNI's namespace always are.
   *
   * @defaultValue none
   */
  exemptNamespaces?: string[];
}

/** kubeadm's leaf certificates. The CAs are valid for ten years. */
export interface CertificatesInput {
  /**
   * How long a certificate is valid, in days.
   *
   * @defaultValue `365`
   */
  validityDays?: number;
  /**
   * How long before they expire a timer on each control-plane node renews them, in days; less than their validity.
   *
   * @defaultValue `30`
   */
  renewBeforeDays?: number;
}
