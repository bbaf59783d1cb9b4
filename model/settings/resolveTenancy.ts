import { whenEnabled } from "../core/enabled";
import { subjectOf } from "../tenants/subjects";
import { DEFAULTS } from "./defaults";
import type { ClusterSettings, OidcSettings } from "./resolved";
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
} from "./resolvedTenancy";
import type { ClusterInput } from "./schema/cluster";

type TenantInput = NonNullable<ClusterInput["tenants"]>[string];
type QuotaInput = NonNullable<TenantInput["quota"]>;
type NetworkInput = NonNullable<TenantInput["network"]>;

/** Parts of a LimitRange. */
const RANGES = ["default", "defaultRequest", "max", "min"] as const;
type OpeningInput =
  NonNullable<NetworkInput["ingress"]>[number] | NonNullable<NetworkInput["egress"]>[number];

/**
 * What containers get that say nothing, so that a quota does not refuse the pods of who never heard of it. Memory is
 * limited, since what one takes another has not; CPU is only where a quota counts its limits.
 */
export const TENANT_LIMITS = {
  request: { cpu: "100m", memory: "128Mi", "ephemeral-storage": "128Mi" },
  limit: { cpu: "500m", memory: "256Mi", "ephemeral-storage": "1Gi" },
} as const;

/** Thirty days, renewed in the last ten: nothing takes a client certificate back. */
export const TENANT_CREDENTIALS = { role: "edit", validityHours: 720, renewBeforeHours: 240 } as const;

/** @throws never for input that was checked */
export function resolveTenancy(
  input: Pick<ClusterInput, "oidc" | "protect" | "tenants" | "roles">,
): TenancySettings {
  const oidc = input.oidc && { usernameClaim: DEFAULTS.oidcUsernameClaim, ...input.oidc };
  const protect = input.protect ?? DEFAULTS.protect;
  return {
    tenants: Object.entries(input.tenants ?? {}).map(([name, tenant]) =>
      resolveTenant(name, tenant, { oidc, protect }),
    ),
    roles: (input.roles ?? []).map((grant) => ({
      role: grant.role ?? grant.clusterRole ?? "",
      subject: subjectOf(grant, oidc),
      namespaces: grant.namespaces ?? [],
    })),
  };
}

function resolveTenant(
  name: string,
  input: TenantInput,
  context: { readonly oidc: OidcSettings | undefined; readonly protect: ClusterSettings["protect"] },
): Tenant {
  const quota = input.quota === undefined ? undefined : hardOf(input.quota);
  const limits = limitsOf(input);
  const network = whenEnabled(input.network ?? {});
  const credentials = credentialsOf(input.credentials);
  const members = (input.members ?? []).map((member): Member => ({
    subject: subjectOf(member, context.oidc),
    role: member.role,
  }));
  return {
    name,
    labels: input.labels ?? {},
    ...(quota === undefined ? {} : { quota }),
    ...(limits === undefined ? {} : { limits }),
    ...(network && { network: networkOf(network) }),
    allow: input.allow ?? [],
    ...(input.hosts === undefined ? {} : { hosts: input.hosts }),
    ...(input.priorityClasses === undefined ? {} : { priorityClasses: input.priorityClasses }),
    podSecurity: input.podSecurity ?? "restricted",
    members,
    ...(credentials === undefined ? {} : { credentials }),
    protect: input.protect ?? context.protect,
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

type AmountsInput = { readonly cpu?: string; readonly memory?: string; readonly ephemeralStorage?: string };

function amountsOf(input: AmountsInput | undefined): Amounts {
  const { ephemeralStorage, ...same } = input ?? {};
  const named = { ...same, "ephemeral-storage": ephemeralStorage };
  return Object.fromEntries(
    Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
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

function networkOf(input: NetworkInput): TenantNetwork {
  return {
    dns: input.dns ?? true,
    sameNamespace: input.sameNamespace ?? true,
    ingress: (input.ingress ?? []).map(openingOf),
    egress: (input.egress ?? []).map(openingOf),
  };
}

function openingOf(input: OpeningInput): Opening {
  return {
    peer: peerOf(input),
    ports: (input.ports ?? []).map((port) =>
      typeof port === "number" ? { protocol: "TCP", port } : { protocol: "TCP" as const, ...port },
    ),
  };
}

function peerOf(input: OpeningInput): OpeningPeer {
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
