import type { PodSecurityLevel } from "./resolved";

/** What a member may do in its tenant: `admin` edits and lets others in, `edit` changes what runs, `view` looks. */
export type TenantRole = "admin" | "edit" | "view";

/** Who is meant, as the API server names them: prefixes of the OIDC issuer are in it already. */
export type Subject =
  | { readonly kind: "User" | "Group"; readonly name: string }
  | { readonly kind: "ServiceAccount"; readonly name: string; readonly namespace: string };

/** One member of a tenant. */
export interface Member {
  readonly subject: Subject;
  readonly role: TenantRole;
}

/** A port, or from `port` to `endPort`. */
export interface OpenPort {
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly port: number;
  readonly endPort?: number;
}

/** The other end of an opening. */
export type OpeningPeer =
  | { readonly kind: "namespace"; readonly namespace: string }
  | { readonly kind: "cidr"; readonly cidr: string; readonly except: readonly string[] }
  /** Every address that is no private one: neither the cluster, nor its machines, nor the cloud's metadata. */
  | { readonly kind: "internet" }
  | { readonly kind: "ingressController" }
  | { readonly kind: "kubernetesApi" };

/** One opening in what a tenant's pods are denied. No ports: all of them. */
export interface Opening {
  readonly peer: OpeningPeer;
  readonly ports: readonly OpenPort[];
}

export interface TenantNetwork {
  /** Pods may ask the cluster's DNS. */
  readonly dns: boolean;
  /** Pods of the tenant may reach one another. */
  readonly sameNamespace: boolean;
  readonly ingress: readonly Opening[];
  readonly egress: readonly Opening[];
}

/** Amounts by resource name, as Kubernetes quantities. */
export type Amounts = Readonly<Record<string, string>>;

/** Of each container: what it gets where it says nothing, and what it may say at most and at least. */
export interface TenantLimits {
  readonly default: Amounts;
  readonly defaultRequest: Amounts;
  readonly max: Amounts;
  readonly min: Amounts;
}

export interface TenantCredentials {
  readonly role: TenantRole;
  /** Hours a client certificate is good for. Nothing takes it back before its end. */
  readonly validityHours: number;
  /** An `up` within this many hours before the end makes a new one. */
  readonly renewBeforeHours: number;
}

export interface Tenant {
  /** Also the name of its namespace. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `spec.hard` of the ResourceQuota; undefined: none is made. */
  readonly quota?: Amounts;
  /** undefined: no LimitRange is made. */
  readonly limits?: TenantLimits;
  /** undefined: no NetworkPolicy is made. */
  readonly network?: TenantNetwork;
  readonly podSecurity: PodSecurityLevel;
  readonly members: readonly Member[];
  /** undefined: the tenant has no kubeconfig of its own. */
  readonly credentials?: TenantCredentials;
  /** Keeps the namespace, and all that is in it, from `pulumi destroy` and from a name taken out of the settings. */
  readonly protect: boolean;
}

/** A role for people: everywhere, or in some namespaces. */
export interface Grant {
  /** Name of a ClusterRole: `cluster-admin`, `admin`, `edit`, `view` or one of their own. */
  readonly role: string;
  readonly subject: Subject;
  /** Empty: in all namespaces, and on what has none. */
  readonly namespaces: readonly string[];
}

export interface TenancySettings {
  readonly tenants: readonly Tenant[];
  readonly roles: readonly Grant[];
}

export const NO_TENANCY: TenancySettings = { tenants: [], roles: [] };
