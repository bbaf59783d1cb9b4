import type { Switched } from "../core/enabled";
import type { PodSecurityLevel } from "../settings/resolvedControlPlane";
import type { TenantRefusal, TenantRole } from "./settings";

/** Who is meant: one of `user`, `group` and `serviceAccount`. */
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
   * Namespace and name of a service account, as `ci/deployer`.
   *
   * @defaultValue none
   */
  serviceAccount?: string;
  /**
   * Where the name comes from: the issuer of `oidc`, whose prefixes are put before it, or a client certificate that says it
   * as it stands.
   *
   * @defaultValue `oidc`
   */
  source?: "oidc" | "certificate";
}

/** A person, group or service account that works in a tenant. */
export interface MemberInput extends SubjectInput {
  /** `admin` edits and lets others in, `edit` changes what runs, `view` looks. */
  role: TenantRole;
}

/** Amounts by resource, as Kubernetes quantities. */
export interface AmountsInput {
  /**
   * CPU, as `500m` or `2`.
   *
   * @defaultValue none
   */
  cpu?: string;
  /**
   * Memory, as `256Mi`.
   *
   * @defaultValue none
   */
  memory?: string;
  /**
   * Space on the node's disk for what containers write outside volumes, as `1Gi`.
   *
   * @defaultValue none
   */
  ephemeralStorage?: string;
}

/** A tenant's ResourceQuota: what all its objects together may take. */
export interface QuotaInput {
  /**
   * Sum of the CPU that pods request, as `4`.
   *
   * @defaultValue no bound
   */
  cpu?: string;
  /**
   * Sum of the memory that pods request, as `16Gi`.
   *
   * @defaultValue no bound
   */
  memory?: string;
  /**
   * Sum of the ephemeral storage that pods request.
   *
   * @defaultValue no bound
   */
  ephemeralStorage?: string;
  /** Sums of what pods may use at most. */
  limits?: AmountsInput;
  /**
   * Sum of what volume claims request.
   *
   * @defaultValue no bound
   */
  storage?: string;
  /**
   * Number of pods.
   *
   * @defaultValue no bound
   */
  pods?: number;
  /**
   * Number of Services.
   *
   * @defaultValue no bound
   */
  services?: number;
  /**
   * Number of Services of type LoadBalancer.
   *
   * @defaultValue no bound
   */
  loadBalancers?: number;
  /**
   * Number of node ports.
   *
   * @defaultValue no bound
   */
  nodePorts?: number;
  /**
   * Number of volume claims.
   *
   * @defaultValue no bound
   */
  persistentVolumeClaims?: number;
  /**
   * Number of Secrets.
   *
   * @defaultValue no bound
   */
  secrets?: number;
  /**
   * Number of ConfigMaps.
   *
   * @defaultValue no bound
   */
  configMaps?: number;
  /**
   * More entries of the ResourceQuota's `spec.hard`, by their names there: `requests.nvidia.com/gpu`, `count/jobs.batch`.
   *
   * @defaultValue none
   */
  hard?: Record<string, string | number>;
}

/** A tenant's LimitRange: what each container gets, may and has to say. */
export interface LimitsInput extends Switched {
  /**
   * Limits of a container that says none.
   *
   * @defaultValue `256Mi` memory; of CPU and ephemeral storage `500m` and `1Gi` where the quota counts limits of them
   */
  default?: AmountsInput;
  /**
   * Requests of a container that says none.
   *
   * @defaultValue `100m` CPU and `128Mi` memory; `128Mi` ephemeral storage where the quota counts it
   */
  defaultRequest?: AmountsInput;
  /**
   * The most that a container may say.
   *
   * @defaultValue no bound
   */
  max?: AmountsInput;
  /**
   * The least that a container has to say.
   *
   * @defaultValue no bound
   */
  min?: AmountsInput;
}

/** A port, or from `port` to `endPort`. */
export interface OpenPortInput {
  /** 1 to 65535. */
  port: number;
  /**
   * Last port of a range.
   *
   * @defaultValue `port`: that one alone
   */
  endPort?: number;
  /**
   * Transport protocol.
   *
   * @defaultValue `TCP`
   */
  protocol?: "TCP" | "UDP" | "SCTP";
}

/** The other end of an opening: one of `tenant`, `namespace`, `cidr`, `internet` and what else the direction has. */
export interface OpeningInput {
  /**
   * Another tenant.
   *
   * @defaultValue none
   */
  tenant?: string;
  /**
   * A namespace that is not a tenant's.
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
   * Ranges within `cidr` that stay closed.
   *
   * @defaultValue none
   */
  except?: string[];
  /**
   * Every public address: neither the cluster, nor its machines, nor the cloud's metadata.
   *
   * @defaultValue none
   */
  internet?: true;
  /**
   * Ports of the side that is called, as numbers of TCP ports or with more about each.
   *
   * @defaultValue all
   */
  ports?: (number | OpenPortInput)[];
}

/** Who may call the tenant's pods. */
export interface IngressOpeningInput extends OpeningInput {
  /**
   * The ingress controller of these settings.
   *
   * @defaultValue none
   */
  ingressController?: true;
}

/** Whom the tenant's pods may call. */
export interface EgressOpeningInput extends OpeningInput {
  /**
   * The Kubernetes API.
   *
   * @defaultValue none
   */
  kubernetesApi?: true;
}

/** A tenant's NetworkPolicy: everything is denied but what is opened here. */
export interface TenantNetworkInput extends Switched {
  /**
   * `false`: the policies are made although the CNI does not enforce them.
   *
   * @defaultValue true
   */
  enforced?: boolean;
  /**
   * Pods may ask the cluster's DNS.
   *
   * @defaultValue true
   */
  dns?: boolean;
  /**
   * Pods of the tenant may reach one another.
   *
   * @defaultValue true
   */
  sameNamespace?: boolean;
  /**
   * Who else may call the tenant's pods.
   *
   * @defaultValue nobody
   */
  ingress?: IngressOpeningInput[];
  /**
   * Whom else its pods may call.
   *
   * @defaultValue nobody
   */
  egress?: EgressOpeningInput[];
}

/** The kubeconfig that the stack makes for a tenant. */
export interface TenantCredentialsInput extends Switched {
  /**
   * What its holder may do.
   *
   * @defaultValue `edit`
   */
  role?: TenantRole;
  /**
   * How long its certificate is good, in hours, 1 to 8760. Nothing takes it back before.
   *
   * @defaultValue 720
   */
  validityHours?: number;
  /**
   * An `up` within this many hours before the certificate expires makes a new one.
   *
   * @defaultValue a third of `validityHours`
   */
  renewBeforeHours?: number;
}

/** A team's namespace with its bounds, and who works in it. */
export interface TenantInput {
  /**
   * Labels of the namespace, besides the library's.
   *
   * @defaultValue none
   */
  labels?: Record<string, string>;
  /**
   * What the tenant may take in total.
   *
   * @defaultValue none: no ResourceQuota is made
   */
  quota?: QuotaInput;
  /** What each container gets, may and has to say. */
  limits?: LimitsInput;
  /** What its pods may reach and be reached by. */
  network?: TenantNetworkInput;
  /**
   * Level of Pod Security that the namespace enforces.
   *
   * @defaultValue `restricted`
   */
  podSecurity?: PodSecurityLevel;
  /**
   * What admission lets this tenant do although it refuses it to tenants by default.
   *
   * @defaultValue nothing
   */
  allow?: TenantRefusal[];
  /**
   * Host names of its Ingresses, `*.` for all below: it may have no others, and no other tenant these.
   *
   * @defaultValue any that is free
   */
  hosts?: string[];
  /**
   * Priority classes that its pods may name.
   *
   * @defaultValue all but the system's
   */
  priorityClasses?: string[];
  /**
   * Who works in it, besides the holder of its kubeconfig.
   *
   * @defaultValue nobody
   */
  members?: MemberInput[];
  /** The kubeconfig that the stack makes for it. */
  credentials?: TenantCredentialsInput;
  /**
   * Keeps the namespace, and all that is in it, from `pulumi destroy` and from a name taken out of the settings.
   *
   * @defaultValue `protect` of the cluster
   */
  protect?: boolean;
}

/** A role for people, everywhere or in some namespaces. */
export interface GrantInput extends SubjectInput {
  /**
   * One of Kubernetes' roles for people.
   *
   * @defaultValue none: `clusterRole` names another
   */
  role?: "cluster-admin" | "admin" | "edit" | "view";
  /**
   * Name of a ClusterRole of your own, in place of `role`.
   *
   * @defaultValue none
   */
  clusterRole?: string;
  /**
   * Where it counts.
   *
   * @defaultValue everywhere
   */
  namespaces?: string[];
}

/** Who uses the cluster. */
export interface TenancyInput {
  /**
   * Tenants by name, which is also the name of their namespace.
   *
   * @defaultValue none
   */
  tenants?: Record<string, TenantInput>;
  /**
   * Roles of people who are in no tenant, or in several.
   *
   * @defaultValue none
   */
  roles?: GrantInput[];
}
