import { cniProfile, type CniSettings } from "../cni";
import { groupsPrefix } from "../kubeadm/authentication";
import type { OidcSettings } from "../settings/resolvedControlPlane";
import type { TenancySettings, Tenant } from "./settings";

interface Settings {
  readonly cni: CniSettings;
  readonly oidc?: OidcSettings;
  readonly tenancy: TenancySettings;
}

/** What works about tenants and roles, and deserves a look. */
export function adviseTenancy(settings: Settings): string[] {
  return [
    ...settings.tenancy.tenants.flatMap((tenant) => tenantAdvisories(tenant, settings)),
    ...oneSided(settings),
    ...loginAdvisories(settings),
  ];
}

function tenantAdvisories(tenant: Tenant, { cni }: Settings): string[] {
  const found: string[] = [];
  const at = `tenants.${tenant.name}`;
  if (tenant.network !== undefined && !cniProfile(cni).networkPolicy)
    found.push(
      `${at}.network: ${cni.kind} does not enforce the tenant's policies; its pods reach everything`,
    );
  if (tenant.network === undefined)
    found.push(`${at}.network is disabled: its pods reach all other pods, and all others reach them`);
  if (tenant.quota === undefined) found.push(`${at} has no quota: one team can fill the cluster`);
  const counted = ["cpu", "memory", "ephemeral-storage"].filter(
    (resource) =>
      (`requests.${resource}` in (tenant.quota ?? {}) && !requestIsKnown(tenant, resource)) ||
      (`limits.${resource}` in (tenant.quota ?? {}) && !limitIsKnown(tenant, resource)),
  );
  if (counted.length > 0) {
    found.push(
      `${at}.quota counts ${counted.join(", ")}, but limits sets no default for it: pods that do not set it are rejected`,
    );
  }
  if (tenant.podSecurity === "privileged")
    found.push(`${at}.podSecurity privileged: its pods can take over the nodes they run on`);
  return found;
}

/** Two tenants talk where one lets out and the other lets in. */
function oneSided({ tenancy: { tenants }, cni }: Settings): string[] {
  if (!cniProfile(cni).networkPolicy) return [];
  const names = (one: Tenant, direction: "ingress" | "egress") =>
    (one.network?.[direction] ?? []).flatMap(({ peer }) =>
      peer.kind === "namespace" ? [peer.namespace] : [],
    );
  return tenants.flatMap((one) =>
    (["egress", "ingress"] as const).flatMap((direction) =>
      names(one, direction).flatMap((name) => {
        const other = tenants.find((tenant) => tenant.name === name);
        const back = direction === "egress" ? "ingress" : "egress";
        if (other?.network === undefined || names(other, back).includes(one.name)) return [];
        const way = direction === "egress" ? `to ${name}` : `from ${name}`;
        return [
          `tenants.${one.name}.network opens ${direction} ${way}, and tenants.${name}.network has no matching ${back}: nothing passes`,
        ];
      }),
    ),
  );
}

/** A LimitRange fills a request from defaultRequest, default or max (apimachinery, SetDefaults_LimitRangeItem). */
function requestIsKnown({ limits }: Tenant, resource: string): boolean {
  return [limits?.defaultRequest, limits?.default, limits?.max].some(
    (amounts) => resource in (amounts ?? {}),
  );
}

function limitIsKnown({ limits }: Tenant, resource: string): boolean {
  return [limits?.default, limits?.max].some((amounts) => resource in (amounts ?? {}));
}

function loginAdvisories({ oidc }: Settings): string[] {
  if (oidc?.groupsClaim === undefined || groupsPrefix(oidc) !== "") return [];
  return [
    "oidc.groupsPrefix is -: anybody who can create groups at the issuer can create one that the cluster already trusts, " +
      "as kubeadm:cluster-admins or tenant:<name>",
  ];
}
