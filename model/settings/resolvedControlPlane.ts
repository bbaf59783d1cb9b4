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

/** Logging on with tokens of an OpenID Connect issuer. */
export type OidcSettings = Filled<OidcInput, "usernameClaim">;

/** Pod Security Standards of namespaces without labels of their own; `exemptNamespaces` has kube-system and the CNI's too. */
export type PodSecuritySettings = Filled<PodSecurityInput, keyof PodSecurityInput>;

/** Of kubeadm's leaf certificates; CAs are the stack's. */
export type CertificateSettings = Filled<CertificatesInput, keyof CertificatesInput>;

/** A folder or file of the host that a pod of the control plane sees (kubeadm's HostPathMount). */
export type ExtraVolume = Filled<ExtraVolumeInput, "readOnly" | "pathType">;

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
