import type { PodSecurityLevel } from "../settings/resolvedControlPlane";

/**
 * What a member may do in its tenant: `admin` may edit and add other members, `edit` may change workloads, `view` may
 * only read.
 */
export type TenantRole = "admin" | "edit" | "view";

/** A user, group or service account as the API server names it, with the prefixes of the OIDC issuer. */
export type Subject =
  | { readonly kind: "User" | "Group"; readonly name: string }
  | { readonly kind: "ServiceAccount"; readonly name: string; readonly namespace: string };

/** One member of a tenant. */
export interface Member {
  /** Who it is. */
  readonly subject: Subject;
  /** What the member may do in the tenant's namespace. */
  readonly role: TenantRole;
}

/** A port, or the range from `port` to `endPort`. */
export interface OpenPort {
  /** Default `TCP`. */
  readonly protocol: "TCP" | "UDP" | "SCTP";
  /** 1 to 65535. */
  readonly port: number;
  /** Last port of a range. Undefined: `port` only. */
  readonly endPort?: number;
}

/** The other side of a connection. */
export type OpeningPeer =
  | { readonly kind: "namespace"; readonly namespace: string }
  | { readonly kind: "cidr"; readonly cidr: string; readonly except: readonly string[] }
  /** Every address that is not a private one: neither the cluster, nor its machines, nor the cloud's metadata. */
  | { readonly kind: "internet" }
  | { readonly kind: "ingressController" }
  | { readonly kind: "kubernetesApi" };

/** A connection that the tenant's NetworkPolicy allows. Without ports: all ports. */
export interface Opening {
  /** Where connections come from (`ingress`) or go to (`egress`). */
  readonly peer: OpeningPeer;
  /** Ports on the called side. */
  readonly ports: readonly OpenPort[];
}

/** What a tenant's pods may call, and who may call them. Everything else is denied. */
export interface TenantNetwork {
  /** Pods may use cluster DNS. */
  readonly dns: boolean;
  /** Pods of the tenant may connect to each other. */
  readonly sameNamespace: boolean;
  /** Who may call the tenant's pods besides themselves. Empty: nobody. */
  readonly ingress: readonly Opening[];
  /** What they may call besides DNS and themselves. Empty: nothing. */
  readonly egress: readonly Opening[];
}

/** Amounts by resource name, as Kubernetes quantities. */
export type Amounts = Readonly<Record<string, string>>;

/** Defaults and bounds of each container. */
export interface TenantLimits {
  /** Limits of a container that sets none. */
  readonly default: Amounts;
  /** Requests of a container that sets none. */
  readonly defaultRequest: Amounts;
  /** Maximum that a container may set. Empty: unlimited. */
  readonly max: Amounts;
  /** Minimum that a container must set. Empty: unlimited. */
  readonly min: Amounts;
}

/** The kubeconfig that the stack creates for a tenant. */
export interface TenantCredentials {
  /** Role of its holder. Default: `edit`. */
  readonly role: TenantRole;
  /** How long its certificate is valid, in hours. It cannot be revoked. */
  readonly validityHours: number;
  /** How long before the certificate expires `pulumi up` renews it, in hours. */
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

/** A namespace with its limits and members. */
export interface Tenant {
  /** Name of the tenant and of its namespace. */
  readonly name: string;
  /** Labels of the namespace, besides the library's. */
  readonly labels: Readonly<Record<string, string>>;
  /** `spec.hard` of the ResourceQuota. Undefined: there is none. */
  readonly quota?: Amounts;
  /** Undefined: there is no LimitRange. */
  readonly limits?: TenantLimits;
  /** Undefined: there is no NetworkPolicy. */
  readonly network?: TenantNetwork;
  /** Pod Security level that the namespace enforces. Default: `restricted`. */
  readonly podSecurity: PodSecurityLevel;
  /** Exceptions: what admission allows this tenant although it refuses it by default. Empty: nothing. */
  readonly allow: readonly TenantRefusal[];
  /**
   * Host names that only this tenant may use, and the only ones it may use; `*.` includes all names below. Undefined:
   * any that no other tenant has.
   */
  readonly hosts?: readonly string[];
  /** Priority classes that its pods may use. Undefined: all except the system's. */
  readonly priorityClasses?: readonly string[];
  /** Members besides the holder of its kubeconfig. */
  readonly members: readonly Member[];
  /** Undefined: the tenant has no kubeconfig. */
  readonly credentials?: TenantCredentials;
  /**
   * Protects the namespace and everything in it from `pulumi destroy`, and from removal when its name disappears from
   * the settings.
   */
  readonly protect: boolean;
}

/** A role for people: everywhere, or in some namespaces. */
export interface Grant {
  /** Name of a ClusterRole: `cluster-admin`, `admin`, `edit`, `view` or your own. */
  readonly role: string;
  /** Who gets it. */
  readonly subject: Subject;
  /** Namespaces in which the role applies. Empty: all, and cluster-wide objects. */
  readonly namespaces: readonly string[];
}

/** Who uses the cluster. */
export interface TenancySettings {
  /** Tenants in the order of the settings. */
  readonly tenants: readonly Tenant[];
  /** Roles of people who belong to no tenant, or to several. */
  readonly roles: readonly Grant[];
}
