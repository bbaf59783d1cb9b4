import type { Manifest } from "../core/manifest";
import type { Amounts, Tenant, TenantLimits } from "./settings";
import { TENANT_LABEL } from "./names";
import { networkPolicy, type TenantCluster } from "./network";
import { tenantBindings } from "./roles";

/** A tenant's objects, its namespace first. */
export function tenantManifests(tenant: Tenant, cluster: TenantCluster): Manifest[] {
  const { name, quota, limits, network } = tenant;
  return [
    namespaceOf(tenant),
    ...(quota === undefined ? [] : [resourceQuota(tenant, quota)]),
    ...(limits === undefined || isEmpty(limits) ? [] : [limitRange(tenant, limits)]),
    ...(network === undefined ? [] : [networkPolicy(tenant, network, cluster)]),
    ...tenantBindings(tenant).map((binding) => ({
      ...binding,
      metadata: { ...binding.metadata, namespace: name },
    })),
  ];
}

function namespaceOf({ name, labels, podSecurity }: Tenant): Manifest {
  const levels = ["enforce", "audit", "warn"].map(
    (mode) => [`pod-security.kubernetes.io/${mode}`, podSecurity] as const,
  );
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { ...labels, [TENANT_LABEL]: name, ...Object.fromEntries(levels) } },
  };
}

function resourceQuota({ name: namespace }: Tenant, hard: Amounts): Manifest {
  return { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "tenant", namespace }, spec: { hard } };
}

function limitRange({ name: namespace }: Tenant, limits: TenantLimits): Manifest {
  return {
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: { name: "tenant", namespace },
    spec: { limits: [{ type: "Container", ...filled(limits) }] },
  };
}

/** Without what is empty: the API server would fill it in, and it would look like a change. */
function filled(limits: TenantLimits): Partial<TenantLimits> {
  return Object.fromEntries(
    Object.entries<Amounts>({ ...limits }).filter(([, amounts]) => Object.keys(amounts).length > 0),
  );
}

function isEmpty(limits: TenantLimits): boolean {
  return Object.keys(filled(limits)).length === 0;
}
