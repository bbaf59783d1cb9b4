import type { Switched } from "../core/enabled";
import type { PodSecurityLevel } from "../settings/resolvedControlPlane";
import type { TenantRefusal, TenantRole } from "./settings";

/** Who it is: exactly one of `user`, `group` and `serviceAccount`. */
export interface SubjectInput {
  /**
   * Name of a user.
   *
   * @defaultValue none
   */
  user?: string;
  /**
   * Name of a group.
   *
   * @defaultValue none
   */
  group?: string;
  /**
   * Namespace and name of a service account, such as `ci/deployer`.
   *
   * @defaultValue none
   */
  serviceAccount?: string;
  /**
   * Where the name comes from. `oidc`: the issuer, whose prefixes the library adds. `certificate`: a client
   * certificate, which contains the name unchanged.
   *
   * @defaultValue `oidc`
   */
  source?: "oidc" | "certificate";
}

/** A person, group or service account that works in a tenant. */
export interface MemberInput extends SubjectInput {
  /** `admin` may edit and add other members, `edit` may change workloads, `view` may only read. */
  role: TenantRole;
}

/** Amounts by resource, as Kubernetes quantities. */
export interface AmountsInput {
  /**
   * CPU, such as `500m` or `2`.
   *
   * @defaultValue none
   */
  cpu?: string;
  /**
   * Memory, such as `256Mi`.
   *
   * @defaultValue none
   */
  memory?: string;
  /**
   * Space on the node's disk for what containers write outside volumes, such as `1Gi`.
   *
   * @defaultValue none
   */
  ephemeralStorage?: string;
}

/** A tenant's ResourceQuota: what all its objects may use together. */
export interface QuotaInput {
  /**
   * Total CPU requests of pods, such as `4`.
   *
   * @defaultValue unlimited
   */
  cpu?: string;
  /**
   * Total memory requests of pods, such as `16Gi`.
   *
   * @defaultValue unlimited
   */
  memory?: string;
  /**
   * Total requests of pods for ephemeral storage.
   *
   * @defaultValue unlimited
   */
  ephemeralStorage?: string;
  /** Total limits of pods. */
  limits?: AmountsInput;
  /**
   * Total size that volume claims request.
   *
   * @defaultValue unlimited
   */
  storage?: string;
  /**
   * Number of pods.
   *
   * @defaultValue unlimited
   */
  pods?: number;
  /**
   * Number of Services.
   *
   * @defaultValue unlimited
   */
  services?: number;
  /**
   * Number of Services of type LoadBalancer.
   *
   * @defaultValue unlimited
   */
  loadBalancers?: number;
  /**
   * Number of node ports.
   *
   * @defaultValue unlimited
   */
  nodePorts?: number;
  /**
   * Number of volume claims.
   *
   * @defaultValue unlimited
   */
  persistentVolumeClaims?: number;
  /**
   * Number of Secrets.
   *
   * @defaultValue unlimited
   */
  secrets?: number;
  /**
   * Number of ConfigMaps.
   *
   * @defaultValue unlimited
   */
  configMaps?: number;
  /**
   * More entries of the ResourceQuota's `spec.hard`, such as `requests.nvidia.com/gpu` or `count/jobs.batch`.
   *
   * @defaultValue none
   */
  hard?: Record<string, string | number>;
}

/** A tenant's LimitRange: defaults and bounds of each container. */
export interface LimitsInput extends Switched {
  /**
   * Limits of a container that sets none.
   *
   * @defaultValue `256Mi` memory; `500m` CPU and `1Gi` ephemeral storage if the quota counts their limits
   */
  default?: AmountsInput;
  /**
   * Requests of a container that sets none.
   *
   * @defaultValue `100m` CPU and `128Mi` memory; `128Mi` ephemeral storage if the quota counts it
   */
  defaultRequest?: AmountsInput;
  /**
   * Maximum that a container may set.
   *
   * @defaultValue unlimited
   */
  max?: AmountsInput;
  /**
   * Minimum that a container must set.
   *
   * @defaultValue unlimited
   */
  min?: AmountsInput;
}

/** A port, or the range from `port` to `endPort`. */
export interface OpenPortInput {
  /** Port number, 1 to 65535. */
  port: number;
  /**
   * Last port of a range.
   *
   * @defaultValue `port`: a single port
   */
  endPort?: number;
  /**
   * Transport protocol.
   *
   * @defaultValue `TCP`
   */
  protocol?: "TCP" | "UDP" | "SCTP";
}

/** The other side of a connection: one of `tenant`, `namespace`, `cidr`, `internet`, and the keys of the direction. */
export interface OpeningInput {
  /**
   * Name of another tenant.
   *
   * @defaultValue none
   */
  tenant?: string;
  /**
   * A namespace that belongs to no tenant.
   *
   * @defaultValue none
   */
  namespace?: string;
  /**
   * IPv4 range outside the cluster.
   *
   * @defaultValue none
   */
  cidr?: string;
  /**
   * Ranges within `cidr` to exclude.
   *
   * @defaultValue none
   */
  except?: readonly string[];
  /**
   * All public addresses, except those of the cluster, its machines and the cloud's metadata service.
   *
   * @defaultValue none
   */
  internet?: true;
  /**
   * Ports on the called side: numbers of TCP ports, or objects.
   *
   * @defaultValue all
   */
  ports?: readonly (number | OpenPortInput)[];
}

/** Who may call the tenant's pods. */
export interface IngressOpeningInput extends OpeningInput {
  /**
   * The cluster's ingress controller.
   *
   * @defaultValue none
   */
  ingressController?: true;
}

/** What the tenant's pods may call. */
export interface EgressOpeningInput extends OpeningInput {
  /**
   * The Kubernetes API.
   *
   * @defaultValue none
   */
  kubernetesApi?: true;
}

/** A tenant's NetworkPolicy: it denies everything except what these keys allow. */
export interface TenantNetworkInput extends Switched {
  /**
   * `false` creates the policies although the CNI does not enforce them.
   *
   * @defaultValue true
   */
  enforced?: boolean;
  /**
   * Pods may use cluster DNS.
   *
   * @defaultValue true
   */
  dns?: boolean;
  /**
   * Pods of the tenant may connect to each other.
   *
   * @defaultValue true
   */
  sameNamespace?: boolean;
  /**
   * Who else may call the tenant's pods.
   *
   * @defaultValue nobody
   */
  ingress?: readonly IngressOpeningInput[];
  /**
   * What else the tenant's pods may call.
   *
   * @defaultValue nothing
   */
  egress?: readonly EgressOpeningInput[];
}

/** The kubeconfig that the stack creates for a tenant. */
export interface TenantCredentialsInput extends Switched {
  /**
   * Role of its holder.
   *
   * @defaultValue `edit`
   */
  role?: TenantRole;
  /**
   * How long its certificate is valid, in hours, 1 to 8760. It cannot be revoked.
   *
   * @defaultValue 720
   */
  validityHours?: number;
  /**
   * How long before the certificate expires `pulumi up` renews it, in hours.
   *
   * @defaultValue a third of `validityHours`
   */
  renewBeforeHours?: number;
}

/** A team's namespace with its limits and members. */
export interface TenantInput {
  /**
   * Labels of the namespace, besides the library's.
   *
   * @defaultValue none
   */
  labels?: Record<string, string>;
  /**
   * What the tenant may use in total.
   *
   * @defaultValue none: no ResourceQuota
   */
  quota?: QuotaInput;
  /** Defaults and bounds of each container. */
  limits?: LimitsInput;
  /** What the tenant's pods may call, and who may call them. */
  network?: TenantNetworkInput;
  /**
   * Pod Security level that the namespace enforces.
   *
   * @defaultValue `restricted`
   */
  podSecurity?: PodSecurityLevel;
  /**
   * Exceptions: what admission allows this tenant although it refuses it to tenants by default.
   *
   * @defaultValue nothing
   */
  allow?: readonly TenantRefusal[];
  /**
   * Host names that only this tenant's Ingresses may use, and the only ones they may use; `*.` includes all names
   * below.
   *
   * @defaultValue any that no other tenant has
   */
  hosts?: readonly string[];
  /**
   * Priority classes that its pods may use.
   *
   * @defaultValue all except the system's
   */
  priorityClasses?: readonly string[];
  /**
   * Who works in the tenant, besides the holder of its kubeconfig.
   *
   * @defaultValue nobody
   */
  members?: readonly MemberInput[];
  /** The kubeconfig that the stack creates for the tenant. */
  credentials?: TenantCredentialsInput;
  /**
   * Protects the namespace and everything in it from `pulumi destroy`, and from removal when its name disappears from
   * the settings.
   *
   * @defaultValue the cluster's `protect`
   */
  protect?: boolean;
}

/** A role for people, everywhere or in some namespaces. */
export interface GrantInput extends SubjectInput {
  /**
   * One of Kubernetes' roles for people.
   *
   * @defaultValue none: use `clusterRole`
   */
  role?: "cluster-admin" | "admin" | "edit" | "view";
  /**
   * Name of your own ClusterRole, in place of `role`.
   *
   * @defaultValue none
   */
  clusterRole?: string;
  /**
   * Namespaces in which the role applies.
   *
   * @defaultValue all
   */
  namespaces?: readonly string[];
}

/** Who uses the cluster. */
export interface TenancyInput {
  /**
   * Tenants by name. The name is also the name of the namespace.
   *
   * @defaultValue none
   */
  tenants?: Record<string, TenantInput>;
  /**
   * Roles of people who belong to no tenant, or to several.
   *
   * @defaultValue none
   */
  roles?: readonly GrantInput[];
}
