import type { JsonValue, KubernetesObject } from "../kubernetes";
import type { ClusterSettings } from "../settings/resolved";
import type { Amounts, Tenant, TenantLimits } from "../settings/resolvedTenancy";
import { TENANT_LABEL } from "./names";
import { networkPolicy } from "./network";
import { tenantBindings } from "./roles";

/** A tenant's objects, its namespace first. */
export function tenantManifests(tenant: Tenant, settings: ClusterSettings): KubernetesObject[] {
  const { name, quota, limits, network } = tenant;
  return [
    namespaceOf(tenant),
    ...(quota === undefined ? [] : [inside(tenant, "v1", "ResourceQuota", { hard: quota })]),
    ...(limits === undefined || isEmpty(limits)
      ? []
      : [inside(tenant, "v1", "LimitRange", { limits: [{ type: "Container", ...filled(limits) }] })]),
    ...(network === undefined ? [] : [networkPolicy(tenant, network, settings)]),
    ...tenantBindings(tenant).map((binding) => ({
      ...binding,
      metadata: { ...binding.metadata, namespace: name },
    })),
  ];
}

function namespaceOf({ name, labels, podSecurity }: Tenant): KubernetesObject {
  const levels = ["enforce", "audit", "warn"].map(
    (mode) => [`pod-security.kubernetes.io/${mode}`, podSecurity] as const,
  );
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { ...labels, [TENANT_LABEL]: name, ...Object.fromEntries(levels) } },
  };
}

function inside(
  tenant: Tenant,
  apiVersion: string,
  kind: string,
  spec: { readonly [key: string]: JsonValue },
): KubernetesObject {
  return { apiVersion, kind, metadata: { name: "tenant", namespace: tenant.name }, spec };
}

/** Without what is empty: the API server would fill it in, and it would look like a change. */
function filled(limits: TenantLimits): { readonly [key: string]: JsonValue } {
  return Object.fromEntries(
    Object.entries<Amounts>({ ...limits }).filter(([, amounts]) => Object.keys(amounts).length > 0),
  );
}

function isEmpty(limits: TenantLimits): boolean {
  return Object.keys(filled(limits)).length === 0;
}
