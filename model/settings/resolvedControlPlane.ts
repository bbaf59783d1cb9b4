import type {
  AuditInput,
  CertificatesInput,
  EncryptionInput,
  ExtraVolumeInput,
  OidcInput,
  PodSecurityInput,
  PodSecurityLevel,
} from "./input/components";
import type { Filled } from "./resolvedShared";

export type { PodSecurityLevel };

/** How Secrets are encrypted in etcd (EncryptionConfiguration, apiserver.config.k8s.io/v1). */
export type EncryptionSettings = Filled<EncryptionInput, "provider" | "keys">;

/** The API server's audit log. */
export type AuditSettings = Filled<AuditInput, "maxAge" | "maxBackup" | "maxSize">;

/** Login with tokens of an OpenID Connect issuer. */
export type OidcSettings = Filled<OidcInput, "usernameClaim">;

/**
 * Pod Security Standards of namespaces without their own labels; `exemptNamespaces` includes kube-system and the
 * CNI's namespace.
 */
export type PodSecuritySettings = Filled<PodSecurityInput, keyof PodSecurityInput>;

/** Validity of kubeadm's leaf certificates, and the latest rotation. The stack creates the CAs. */
export type CertificateSettings = Filled<CertificatesInput, Exclude<keyof CertificatesInput, "rotation">>;

/** A folder or file of the host that a control-plane pod mounts (kubeadm's HostPathMount). */
export type ExtraVolume = Filled<ExtraVolumeInput, "readOnly" | "pathType">;

/** A file that a component reads: its text, or the name in `kubeadm:secrets` of one that is a secret. */
export type ComponentFile = { readonly content: string } | { readonly secret: string };

/** Settings of one control-plane component. */
export interface ComponentSettings {
  /** Flags. */
  readonly extraArgs: ExtraArgs;
  /** undefined: none besides kubeadm's and the library's own. */
  readonly extraVolumes?: readonly ExtraVolume[];
  /** By name, which flags give in place of a path; undefined: none. */
  readonly files?: Readonly<Record<string, ComponentFile>>;
}

/** Flags by name, without leading dashes. Values are text; a list passes the flag several times. */
export type ExtraArgs = Readonly<Record<string, string | readonly string[]>>;
