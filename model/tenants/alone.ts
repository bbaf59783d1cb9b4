import { z } from "zod";

import { serviceAddresses } from "../network/clusterNetwork";
import { parseAlone } from "../settings/alone";
import { DEFAULTS } from "../settings/defaults";
import type { OidcInput } from "../settings/input/components";
import { SettingsError, type Problem } from "../settings/problems";
import { resolveOidc } from "../settings/resolve";
import { commonShape } from "../settings/schema/common";
import { address, cidr } from "../settings/schema/primitives";
import type { TenantInput } from "./input";
import type { TenantCluster } from "./network";
import { resolveTenancy } from "./resolve";
import { grantSchema, tenantSchema } from "./schema";
import type { Grant, TenancySettings, Tenant } from "./settings";
import { validateGrants, validateTenants } from "./validate";

/** What a tenant's network policy and members depend on in the cluster. */
export interface TenantClusterInput {
  /**
   * IPv4 range of pods.
   *
   * @defaultValue `10.244.0.0/16`
   */
  podCidr?: string;
  /**
   * IPv4 range of Services. Its tenth address is cluster DNS.
   *
   * @defaultValue `10.96.0.0/16`
   */
  serviceCidr?: string;
  /** Addresses of the control-plane nodes. Required to allow `kubernetesApi`. */
  controlPlane?: string[];
  /**
   * Public addresses of other nodes, which `internet` does not allow.
   *
   * @defaultValue none
   */
  nodes?: string[];
  /** Kind of the cluster's ingress controller. Required to allow `ingressController`. */
  ingress?: "ingress-nginx" | "traefik";
  /** The issuer for members without `source: certificate`. */
  oidc?: OidcInput;
}

/** A tenant and what it reads of the cluster. */
export interface TenantSpec {
  readonly tenant: Tenant;
  readonly cluster: TenantCluster & { readonly aws?: object | undefined };
}

const clusterSchema = z.strictObject({
  podCidr: cidr.optional(),
  serviceCidr: cidr.optional(),
  controlPlane: z.array(address).optional(),
  nodes: z.array(address).optional(),
  ingress: z.enum(["ingress-nginx", "traefik"]).optional(),
  oidc: commonShape.oidc,
});
const schema = tenantSchema.extend({ cluster: clusterSchema.optional() });

/**
 * A tenant of a cluster of which nothing else is known.
 *
 * @param name of the tenant and of its namespace
 * @param signed somebody signs its certificate; without, it has no credentials
 * @throws SettingsError with every problem
 */
export function parseTenant(name: string, signed: boolean, given: unknown, title: string): TenantSpec {
  const { cluster = {}, ...input } = reporting(title, name, () =>
    parseAlone(title, given, {
      schema,
      key: ["tenants", name],
      around: ({ cluster, ...left }) => ({
        tenants: { [name]: left },
        network: { serviceCidr: cluster?.serviceCidr },
        oidc: cluster?.oidc,
        ingress: cluster?.ingress && { kind: cluster.ingress },
      }),
      checks: [validateTenants],
    }),
  );
  const problems = [...lackingSigner(input, signed), ...lackingNodes(input, cluster)];
  if (problems.length > 0) throw new SettingsError(problems, title);
  const credentials = signed ? input.credentials : { enabled: false };
  const { tenants } = resolveTenancy(
    { tenants: { [name]: { ...input, credentials } } },
    { oidc: resolveOidc(commonShape.oidc.parse(cluster.oidc)), protect: DEFAULTS.protect },
  );
  const [tenant] = tenants;
  if (tenant === undefined) throw new RangeError("leave it out: the component creates one tenant");
  const { podCidr = DEFAULTS.podCidr, serviceCidr = DEFAULTS.serviceCidr, ingress } = cluster;
  return {
    tenant,
    cluster: {
      network: { podCidr, serviceCidr, ...serviceAddresses(serviceCidr) },
      machines: [
        ...(cluster.controlPlane ?? []).map((one) => ({ role: "controlPlane", nodeAddress: one }) as const),
        ...(cluster.nodes ?? []).map((one) => ({ role: "worker", nodeAddress: one }) as const),
      ],
      addons: ingress === undefined ? {} : { ingress: { kind: ingress } },
    },
  };
}

/** What is wrong with the tenant as a whole is wrong with its name. */
function reporting<T>(title: string, name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new SettingsError(
      error.problems.map((one) =>
        one.path === "" && one.value.includes(name) ? { ...one, path: "tenant" } : one,
      ),
      title,
    );
  }
}

function lackingSigner({ credentials }: TenantInput, signed: boolean): Problem[] {
  if (signed || credentials === undefined || credentials.enabled === false) return [];
  const message = "need an authority to sign the certificate";
  const allowed = "authority and kubeconfig as well, or no credentials";
  return [{ path: "credentials", value: "credentials", message, allowed }];
}

/** An empty list of addresses would open to all of them. */
function lackingNodes({ network }: TenantInput, { controlPlane = [] }: TenantClusterInput): Problem[] {
  if (network === undefined || network.enabled === false || controlPlane.length > 0) return [];
  return (network.egress ?? []).flatMap((opening, index) => {
    if (!("kubernetesApi" in opening)) return [];
    const path = `network.egress[${index}].kubernetesApi`;
    const message = "opens to control-plane nodes, but their addresses are not known";
    return [{ path, value: "true", message, allowed: "cluster.controlPlane with their addresses" }];
  });
}

const tenantsSchema = z.strictObject({ tenants: z.record(z.string(), tenantSchema) });

/** What holds for all tenants. @throws SettingsError with every problem */
export function parseTenants(given: unknown, title: string): Pick<TenancySettings, "tenants"> {
  const args = parseAlone(title, given, {
    schema: tenantsSchema,
    key: [],
    around: (left) => left,
    checks: [validateTenants],
  });
  return resolveTenancy(args, { protect: DEFAULTS.protect });
}

const rolesSchema = z.strictObject({ roles: z.array(grantSchema), oidc: commonShape.oidc });

/** Roles of people. @throws SettingsError with every problem */
export function parseRoles(given: unknown, title: string): { readonly roles: readonly Grant[] } {
  const args = parseAlone(title, given, {
    schema: rolesSchema,
    key: [],
    // Without an issuer there is none.
    around: (left) => ({ oidc: undefined, ...left }),
    checks: [validateGrants],
  });
  return resolveTenancy(args, {
    oidc: resolveOidc(commonShape.oidc.parse(args.oidc)),
    protect: DEFAULTS.protect,
  });
}
