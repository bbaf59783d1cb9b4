import { compareQuantities } from "../core/quantity";
import type { Path, Problems } from "../settings/problems";
import { keyProblem } from "../settings/schema/labels";
import type { TenantInput } from "./input";
import { QUOTA_NAMES } from "./resolve";
import type { Tenant } from "./settings";
import type { TenancySurroundings } from "./surroundings";

const RESOURCES = ["cpu", "memory", "ephemeralStorage"] as const;
type Resource = (typeof RESOURCES)[number];

/** Kubernetes' name of a resource. */
function upstream(resource: Resource): string {
  return resource === "ephemeralStorage" ? "ephemeral-storage" : resource;
}

/** Quota and limits agree with themselves and with one another. */
export function validateAmounts(
  tenant: TenantInput,
  { limits }: Tenant,
  path: Path,
  { refused }: TenancySurroundings,
  problems: Problems,
): void {
  limitsAreOrdered(tenant, path, problems);
  quotaHoldsAPod(tenant, refused([...path, "limits"]) ? undefined : limits, path, problems);
  othersAreNamed(tenant, path, problems);
}

/** From least to most; the API server refuses a LimitRange that is not (pkg/apis/core/validation, ValidateLimitRange). */
const ORDER = ["min", "defaultRequest", "default", "max"] as const;

function limitsAreOrdered({ limits }: TenantInput, path: Path, problems: Problems): void {
  if (limits === undefined || limits.enabled === false) return;
  for (const resource of RESOURCES) {
    const given = ORDER.flatMap((key) => {
      const value = limits[key]?.[resource];
      return value === undefined ? [] : [{ key, value }];
    });
    given.forEach(({ key, value }, index) => {
      const above = given.slice(index + 1).find((other) => (compareQuantities(value, other.value) ?? 0) > 0);
      if (above === undefined) return;
      problems.add(
        [...path, "limits", key, resource],
        value,
        `is more than limits.${above.key}.${resource} ${above.value}`,
        { allowed: `at most ${above.value}` },
      );
    });
  }
}

/** A quota that not one container with the tenant's own defaults fits into refuses every pod. */
function quotaHoldsAPod(
  { quota }: TenantInput,
  limits: Tenant["limits"],
  path: Path,
  problems: Problems,
): void {
  if (quota === undefined) return;
  for (const resource of RESOURCES) {
    const sum = quota[resource];
    const most = quota.limits?.[resource];
    if (sum !== undefined && most !== undefined && (compareQuantities(most, sum) ?? 0) < 0) {
      problems.add(
        [...path, "quota", "limits", resource],
        most,
        `is less than quota.${resource} ${sum}, so the quota could never be used up`,
        { allowed: `at least ${sum}` },
      );
      continue;
    }
    for (const [kind, value, place] of [
      ["request", sum, ["quota", resource]],
      ["limit", most, ["quota", "limits", resource]],
    ] as const) {
      const one = defaultOf(limits, kind, upstream(resource));
      if (value === undefined || one === undefined || (compareQuantities(value, one) ?? 0) >= 0) continue;
      problems.add([...path, ...place], value, `is less than one container's ${kind} by default, ${one}`, {
        allowed: `at least ${one}, or smaller limits`,
      });
    }
  }
}

function defaultOf(
  limits: Tenant["limits"],
  kind: "request" | "limit",
  resource: string,
): string | undefined {
  const limit = limits?.default[resource];
  return kind === "request" ? (limits?.defaultRequest[resource] ?? limit) : limit;
}

/** Names a ResourceQuota takes besides those that have a key here (Kubernetes documentation, "Resource Quotas"). */
const OTHER =
  /^(requests\.|limits\.|count\/|[^/]+\.storageclass\.storage\.k8s\.io\/|hugepages-)[A-Za-z0-9._/-]+$/;

function othersAreNamed({ quota }: TenantInput, path: Path, problems: Problems): void {
  for (const key of Object.keys(quota?.hard ?? {})) {
    const place = [...path, "quota", "hard", key];
    const own = Object.entries(QUOTA_NAMES).find(([short, name]) => key === name || key === short);
    const limit = RESOURCES.find((resource) => key === `limits.${upstream(resource)}`);
    if (own !== undefined || limit !== undefined) {
      problems.add(place, key, "has its own setting", {
        allowed: `instead: ${path.join(".")}.quota.${own?.[0] ?? `limits.${limit}`}`,
      });
    } else if (!OTHER.test(key) || keyProblem(key.replace(/^count\//, "")) !== undefined) {
      problems.add(place, key, "is not a valid name of a resource quota", {
        allowed: "as requests.nvidia.com/gpu or count/deployments.apps",
      });
    }
  }
}
