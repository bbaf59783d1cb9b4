import { defined } from "../core/defined";
import { whenEnabled } from "../core/enabled";
import type { OidcSettings } from "../settings/resolvedControlPlane";
import type {
  AmountsInput,
  EgressOpeningInput,
  IngressOpeningInput,
  QuotaInput,
  TenancyInput,
  TenantInput,
  TenantNetworkInput,
} from "./input";
import type {
  Amounts,
  Member,
  Opening,
  OpeningPeer,
  TenancySettings,
  Tenant,
  TenantCredentials,
  TenantLimits,
  TenantNetwork,
} from "./settings";
import { subjectOf } from "./subjects";

/** Parts of a LimitRange. */
const RANGES = ["default", "defaultRequest", "max", "min"] as const;

/**
 * What containers get that say nothing, so that a quota does not refuse the pods of who never heard of it. Memory is
 * limited, since what one takes another has not; CPU is only where a quota counts its limits.
 */
const TENANT_LIMITS = {
  request: { cpu: "100m", memory: "128Mi", "ephemeral-storage": "128Mi" },
  limit: { cpu: "500m", memory: "256Mi", "ephemeral-storage": "1Gi" },
} as const;

/** Thirty days, renewed in the last ten: nothing takes a client certificate back. */
const TENANT_CREDENTIALS = { role: "edit", validityHours: 720 } as const;

/** What of the cluster tenants depend on. */
export interface TenancyContext {
  /** The issuer of people's names; undefined: there is none. */
  readonly oidc?: OidcSettings | undefined;
  /** Default of tenants that do not set it. */
  readonly protect: boolean;
}

/** Tenants and roles with defaults filled in. */
export function resolveTenancy(
  { tenants = {}, roles = [] }: TenancyInput,
  context: TenancyContext,
): TenancySettings {
  return {
    tenants: Object.entries(tenants).map(([name, tenant]) => resolveTenant(name, tenant, context)),
    roles: roles.map((grant) => ({
      role: grant.role ?? grant.clusterRole ?? "",
      subject: subjectOf(grant, context.oidc),
      namespaces: grant.namespaces ?? [],
    })),
  };
}

function resolveTenant(name: string, input: TenantInput, { oidc, protect }: TenancyContext): Tenant {
  const network = whenEnabled(input.network ?? {});
  return {
    name,
    labels: input.labels ?? {},
    ...defined({
      quota: input.quota && hardOf(input.quota),
      limits: limitsOf(input),
      network: network && networkOf(network),
      hosts: input.hosts,
      priorityClasses: input.priorityClasses,
      credentials: credentialsOf(input.credentials),
    }),
    allow: input.allow ?? [],
    podSecurity: input.podSecurity ?? "restricted",
    members: (input.members ?? []).map((member): Member => ({
      subject: subjectOf(member, oidc),
      role: member.role,
    })),
    protect: input.protect ?? protect,
  };
}

/** Names of ResourceQuota for those of the settings (Kubernetes documentation, "Resource Quotas"). */
export const QUOTA_NAMES = {
  cpu: "requests.cpu",
  memory: "requests.memory",
  ephemeralStorage: "requests.ephemeral-storage",
  storage: "requests.storage",
  pods: "pods",
  services: "services",
  loadBalancers: "services.loadbalancers",
  nodePorts: "services.nodeports",
  persistentVolumeClaims: "persistentvolumeclaims",
  secrets: "secrets",
  configMaps: "configmaps",
} as const;

function hardOf(quota: QuotaInput): Amounts {
  const counted = Object.entries(QUOTA_NAMES).flatMap(([key, name]) => {
    const value = quota[key as keyof typeof QUOTA_NAMES];
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  const limits = Object.entries(amountsOf(quota.limits)).map(
    ([key, value]) => [`limits.${key}`, value] as const,
  );
  const others = Object.entries(quota.hard ?? {}).map(([key, value]) => [key, String(value)] as const);
  return Object.fromEntries([...counted, ...limits, ...others]);
}

function amountsOf(input: AmountsInput | undefined): Amounts {
  const { ephemeralStorage, ...same } = input ?? {};
  return defined({ ...same, "ephemeral-storage": ephemeralStorage });
}

/** As written, or the library's: memory always, what a quota counts besides where it counts it. */
function limitsOf({ limits, quota }: TenantInput): TenantLimits | undefined {
  if (limits?.enabled === false) return undefined;
  if (limits !== undefined && RANGES.some((range) => limits[range] !== undefined)) {
    return {
      default: amountsOf(limits.default),
      defaultRequest: amountsOf(limits.defaultRequest),
      max: amountsOf(limits.max),
      min: amountsOf(limits.min),
    };
  }
  const { request, limit } = TENANT_LIMITS;
  const storage = "ephemeral-storage";
  return {
    default: {
      ...(quota?.limits?.cpu === undefined ? {} : { cpu: limit.cpu }),
      memory: limit.memory,
      ...(quota?.limits?.ephemeralStorage === undefined ? {} : { [storage]: limit[storage] }),
    },
    defaultRequest: {
      cpu: request.cpu,
      memory: request.memory,
      ...(quota?.ephemeralStorage === undefined ? {} : { [storage]: request[storage] }),
    },
    max: {},
    min: {},
  };
}

function networkOf(input: TenantNetworkInput): TenantNetwork {
  return {
    dns: input.dns ?? true,
    sameNamespace: input.sameNamespace ?? true,
    ingress: (input.ingress ?? []).map(openingOf),
    egress: (input.egress ?? []).map(openingOf),
  };
}

function openingOf(input: IngressOpeningInput | EgressOpeningInput): Opening {
  return {
    peer: peerOf(input),
    ports: (input.ports ?? []).map((port) =>
      typeof port === "number" ? { protocol: "TCP", port } : { protocol: "TCP" as const, ...port },
    ),
  };
}

function peerOf(input: IngressOpeningInput | EgressOpeningInput): OpeningPeer {
  // A tenant is its namespace.
  const namespace = input.tenant ?? input.namespace;
  if (namespace !== undefined) return { kind: "namespace", namespace };
  if (input.cidr !== undefined) return { kind: "cidr", cidr: input.cidr, except: input.except ?? [] };
  if (input.internet === true) return { kind: "internet" };
  return { kind: "kubernetesApi" in input ? "kubernetesApi" : "ingressController" };
}

function credentialsOf(input: TenantInput["credentials"]): TenantCredentials | undefined {
  const given = whenEnabled(input ?? {});
  if (given === undefined) return undefined;
  const validityHours = given.validityHours ?? TENANT_CREDENTIALS.validityHours;
  return {
    role: given.role ?? TENANT_CREDENTIALS.role,
    validityHours,
    // A third of the time, where somebody wants them shorter.
    renewBeforeHours: given.renewBeforeHours ?? Math.floor(validityHours / 3),
  };
}
