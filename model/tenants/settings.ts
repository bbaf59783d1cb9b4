import type { PodSecurityLevel } from "../settings/resolvedControlPlane";

/** What a member may do in its tenant: `admin` edits and lets others in, `edit` changes what runs, `view` looks. */
export type TenantRole = "admin" | "edit" | "view";

/** Who is meant, as the API server names them: prefixes of the OIDC issuer are in it already. */
export type Subject =
  | { readonly kind: "User" | "Group"; readonly name: string }
  | { readonly kind: "ServiceAccount"; readonly name: string; readonly namespace: string };

/** One member of a tenant. */
export interface Member {
  /** Who it is. */
  readonly subject: Subject;
  /** What it may do in the tenant's namespace. */
  readonly role: TenantRole;
}

/** A port, or from `port` to `endPort`. */
export interface OpenPort {
  /** Default `TCP`. */
  readonly protocol: "TCP" | "UDP" | "SCTP";
  /** 1 to 65535. */
  readonly port: number;
  /** Last of a range; undefined: `port` alone. */
  readonly endPort?: number;
}

/** The other end of an opening. */
export type OpeningPeer =
  | { readonly kind: "namespace"; readonly namespace: string }
  | { readonly kind: "cidr"; readonly cidr: string; readonly except: readonly string[] }
  /** Every address that is not a private one: neither the cluster, nor its machines, nor the cloud's metadata. */
  | { readonly kind: "internet" }
  | { readonly kind: "ingressController" }
  | { readonly kind: "kubernetesApi" };

/** One opening in what a tenant's pods are denied. No ports: all of them. */
export interface Opening {
  /** Where connections come from (`ingress`) or go to (`egress`). */
  readonly peer: OpeningPeer;
  /** Of the side that is called. */
  readonly ports: readonly OpenPort[];
}

/** What a tenant's pods may reach and be reached by; all else is denied. */
export interface TenantNetwork {
  /** Pods may ask the cluster's DNS. */
  readonly dns: boolean;
  /** Pods of the tenant may reach one another. */
  readonly sameNamespace: boolean;
  /** Who may call the tenant's pods, besides themselves; empty: nobody. */
  readonly ingress: readonly Opening[];
  /** Whom they may call, besides DNS and themselves; empty: nobody. */
  readonly egress: readonly Opening[];
}

/** Amounts by resource name, as Kubernetes quantities. */
export type Amounts = Readonly<Record<string, string>>;

/** Of each container: what it gets where it says nothing, and what it may say at most and at least. */
export interface TenantLimits {
  /** Limits where a container says nothing; default 256Mi memory. */
  readonly default: Amounts;
  /** Requests where it says nothing; default 100m CPU and 128Mi memory. */
  readonly defaultRequest: Amounts;
  /** Most that a container may say; empty: no bound. */
  readonly max: Amounts;
  /** Least that it has to say; empty: no bound. */
  readonly min: Amounts;
}

/** The kubeconfig that the stack makes for a tenant. */
export interface TenantCredentials {
  /** What its holder may do; default `edit`. */
  readonly role: TenantRole;
  /** Hours a client certificate is good for. Nothing takes it back before its end. */
  readonly validityHours: number;
  /** An `up` within this many hours before the end makes a new one. */
  readonly renewBeforeHours: number;
}

/**
 * What admission refuses in a tenant's namespace, by default all of it:
 * - `externalIPs`: Services with `spec.externalIPs`;
 * - `externalName`: Services of type ExternalName;
 * - `loadBalancerAddress`: Services that choose their balancer's address, pool, security groups or subnets;
 * - `controlPlaneNodes`: pods that tolerate the taint of control-plane nodes, or name their node;
 * - `catchAllHosts`: Ingresses without a host;
 * - `ingressAnnotations`: annotations of ingress-nginx that serve other hosts, call addresses or bring configuration;
 * - `sharedHosts`: hosts that another tenant's Ingress has, or that another tenant lists.
 */
export const TENANT_REFUSALS = [
  "externalIPs",
  "externalName",
  "loadBalancerAddress",
  "controlPlaneNodes",
  "catchAllHosts",
  "ingressAnnotations",
  "sharedHosts",
] as const;
export type TenantRefusal = (typeof TENANT_REFUSALS)[number];

/** A namespace with its bounds, and who works in it. */
export interface Tenant {
  /** Also the name of its namespace. */
  readonly name: string;
  /** Of the namespace, besides the library's. */
  readonly labels: Readonly<Record<string, string>>;
  /** `spec.hard` of the ResourceQuota; undefined: none is made. */
  readonly quota?: Amounts;
  /** undefined: no LimitRange is made. */
  readonly limits?: TenantLimits;
  /** undefined: no NetworkPolicy is made. */
  readonly network?: TenantNetwork;
  /** Level of Pod Security that the namespace enforces; default `restricted`. */
  readonly podSecurity: PodSecurityLevel;
  /** What admission lets this tenant do although it refuses it by default; empty: nothing. */
  readonly allow: readonly TenantRefusal[];
  /** Host names that are this tenant's, `*.` for all below: it may have no others, and nobody else these. undefined: any free one. */
  readonly hosts?: readonly string[];
  /** Priority classes that its pods may name; undefined: all but the system's. */
  readonly priorityClasses?: readonly string[];
  /** Besides the holder of its kubeconfig. */
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
  /** Who gets it. */
  readonly subject: Subject;
  /** Empty: in all namespaces, and on what has none. */
  readonly namespaces: readonly string[];
}

/** Who uses the cluster. */
export interface TenancySettings {
  /** In the order of the settings. */
  readonly tenants: readonly Tenant[];
  /** Of people who are in no tenant, or in several. */
  readonly roles: readonly Grant[];
}
