import * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject } from "../../model/kubernetes";
import type { OidcInput } from "../../model/settings/input/components";
import type { Grant, TenancySettings } from "../../model/tenants/settings";
import { tenantPolicies } from "../../model/tenants/admission";
import { parseRoles, parseTenants } from "../../model/tenants/alone";
import type { GrantInput, TenantInput } from "../../model/tenants/input";
import { grantBindings, tenantClusterRoles } from "../../model/tenants/roles";
import { anyResource, anyResourceName } from "../kubernetes/anyResource";
import { partOf } from "../part";

/** Arguments of `TenantRoles`: all tenants of a cluster. */
export interface TenantRolesArgs {
  /** Exceptions (`allow`), hosts and priority classes of each tenant, by its name. */
  tenants: Record<string, TenantInput>;
}

/**
 * What all tenants need: ClusterRoles of their members, and admission policies. Create it before the first tenant.
 *
 * ```ts
 * new TenantRoles("tenant-roles", { tenants: { shop: { hosts: ["shop.example.com"] } } }, { provider });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class TenantRoles extends pulumi.ComponentResource {
  /** The objects in the cluster, in the order in which they are created. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: TenantRolesArgs, opts?: pulumi.ComponentResourceOptions) {
    const { shape } = partOf<Pick<TenancySettings, "tenants">>("TenantRoles", name, args, {}, parseTenants);
    super("kubeadm:index:TenantRoles", name, {}, opts);
    this.resources = objects(this, name, [...tenantClusterRoles(shape), ...tenantPolicies(shape)], opts);
    this.registerOutputs({});
  }
}

/** Arguments of `Access`: roles of people. */
export interface AccessArgs {
  /** Who has which role, and where; at least one. */
  roles: readonly GrantInput[];
  /** The issuer for people without `source: certificate`. */
  oidc?: OidcInput;
}

/**
 * Roles of people in the whole cluster, or in namespaces that already exist.
 *
 * ```ts
 * new Access(
 *   "people",
 *   { roles: [{ group: "platform", role: "cluster-admin", source: "certificate" }] },
 *   { provider },
 * );
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Access extends pulumi.ComponentResource {
  /** The objects in the cluster, in the order in which they are created. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: AccessArgs, opts?: pulumi.ComponentResourceOptions) {
    const { shape } = partOf<{ readonly roles: readonly Grant[] }>("Access", name, args, {}, parseRoles);
    super("kubeadm:index:Access", name, {}, opts);
    this.resources = objects(this, name, grantBindings(shape.roles), opts);
    this.registerOutputs({});
  }
}

function objects(
  parent: pulumi.Resource,
  name: string,
  manifests: readonly KubernetesObject[],
  opts: pulumi.ComponentResourceOptions | undefined,
): pulumi.CustomResource[] {
  return manifests.map((object) =>
    anyResource(anyResourceName(name, object), object, { parent, deletedWith: opts?.deletedWith }),
  );
}
