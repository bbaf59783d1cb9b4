/** How Secrets are encrypted in etcd (EncryptionConfiguration, apiserver.config.k8s.io/v1). */
export interface EncryptionSettings {
  /** Of all keys; default `secretbox`. */
  readonly provider: "secretbox" | "aescbc";
  /** Ordered: the first encrypts, all decrypt. `generated` is the key the stack makes itself, others name a secret. */
  readonly keys: readonly string[];
}

/** The API server's audit log. */
export interface AuditSettings {
  /** Days, files and MiB, as kube-apiserver's `--audit-log-maxage`, `-maxbackup`, `-maxsize`. */
  readonly maxAge: number;
  /** Rotated files that are kept, 1 to 1000; default 10. */
  readonly maxBackup: number;
  /** MiB at which a file is rotated, 1 to 10000; default 100. */
  readonly maxSize: number;
  /** A whole audit policy document (audit.k8s.io/v1); undefined: the library's. */
  readonly policy?: Readonly<Record<string, unknown>>;
}

/** Logging on with tokens of an OpenID Connect issuer. */
export interface OidcSettings {
  /** https URL, as the tokens' `iss` has it. */
  readonly issuerUrl: string;
  /** Audience that tokens must have (`aud`). */
  readonly clientId: string;
  /** Claim with the user's name; default `sub`. */
  readonly usernameClaim: string;
  /** Put before the name; `-`: nothing. undefined: nothing with claim `email`, else the issuer's URL and `#`. */
  readonly usernamePrefix?: string;
  /** Claim with the groups; undefined: tokens bring none. */
  readonly groupsClaim?: string;
  /** Put before each group; default `oidc:`, `-`: nothing. */
  readonly groupsPrefix?: string;
  /** Claims that a token must have, with their values; undefined: none. */
  readonly requiredClaims?: Readonly<Record<string, string>>;
  /** Name in `kubeadm:secrets` of the issuer's CA in PEM. */
  readonly ca?: string;
}

/** Levels of the Pod Security Standards, from everything to least. */
export type PodSecurityLevel = "privileged" | "baseline" | "restricted";

/** Pod Security Standards of namespaces without labels of their own. */
export interface PodSecuritySettings {
  readonly enforce: PodSecurityLevel;
  readonly audit: PodSecurityLevel;
  readonly warn: PodSecurityLevel;
  /** Exempt besides kube-system and the CNI's. */
  readonly exemptNamespaces: readonly string[];
}

/** A folder or file of the host that a pod of the control plane sees (kubeadm's HostPathMount). */
export interface ExtraVolume {
  /** DNS label, once in the pod. */
  readonly name: string;
  /** Absolute, on the host. */
  readonly hostPath: string;
  /** Absolute, in the pod. */
  readonly mountPath: string;
  /** Default true. */
  readonly readOnly: boolean;
  /** Default `Directory`: the pod does not start where it is missing. */
  readonly pathType: "Directory" | "DirectoryOrCreate" | "File" | "FileOrCreate";
}

/** A file that a component reads: its text, or the name in `kubeadm:secrets` of one that is a secret. */
export type ComponentFile = { readonly content: string } | { readonly secret: string };

/** What the settings say of one component of the control plane. */
export interface ComponentSettings {
  /** Flags. */
  readonly extraArgs: ExtraArgs;
  /** undefined: none besides kubeadm's and the library's own. */
  readonly extraVolumes?: readonly ExtraVolume[];
  /** By name, which flags give in place of a path; undefined: none. */
  readonly files?: Readonly<Record<string, ComponentFile>>;
}

/** Flags of a component by their name without dashes; values as text, a list where a flag is given several times. */
export type ExtraArgs = Readonly<Record<string, string | readonly string[]>>;
