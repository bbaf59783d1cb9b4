import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { TenancySettings } from "../../model/tenants/settings";
import { oidcKubeconfig } from "../../model/tenants/kubeconfig";
import type { LateSettings } from "../late";
import { Extras, type Extra, type ExtrasArgs } from "../extras/extras";
import { checked, type SecretsArg } from "../part";
import type { Authority } from "../pki/authority";
import { Access, TenantRoles, type AccessArgs, type TenantRolesArgs } from "./access";
import { Tenant, type SettingsTenant, type TenantArgs } from "./tenant";

export interface PeopleArgs {
  readonly settings: ClusterSettings;
  /** Addresses of the settings that come later; undefined: all are there. */
  readonly late?: LateSettings;
  readonly authority: Authority;
  /** The administrator's; secret. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
}

/** What people have in a cluster. */
export interface People {
  /** Tenants by name. */
  readonly tenants: Readonly<Record<string, Tenant>>;
  /** Undefined if the settings have no manifests and charts. */
  readonly extras: Extras | undefined;
  /** All that was made, tenants and extras among it. */
  readonly all: readonly pulumi.Resource[];
  /** Kubeconfig for people who log in at the issuer; it contains no credentials. Undefined without `oidc`. */
  readonly oidcKubeconfig: pulumi.Output<string> | undefined;
}

/**
 * Tenants, your own manifests, and roles of people, in this order: each may need what comes before it.
 * @param opts parent, provider, `deletedWith` init, and as `dependsOn` the add-ons
 */
export function createPeople(name: string, args: PeopleArgs, opts: pulumi.ComponentResourceOptions): People {
  const { settings, late, authority, kubeconfig, secrets } = args;
  const { tenancy, extras } = settings;
  const after = (...more: pulumi.Resource[]): pulumi.ComponentResourceOptions =>
    pulumi.mergeOptions(opts, { dependsOn: more });
  const roles =
    tenancy.tenants.length === 0
      ? []
      : [
          new TenantRoles(
            `${name}-tenant-roles`,
            checked<TenantRolesArgs, Pick<TenancySettings, "tenants">>(tenancy),
            opts,
          ),
        ];
  const tenants = Object.fromEntries(
    tenancy.tenants.map((tenant) => [
      tenant.name,
      new Tenant(
        `${name}-tenant-${tenant.name}`,
        checked<TenantArgs, SettingsTenant>({ tenant, cluster: settings, late, authority, kubeconfig }),
        after(...roles),
      ),
    ]),
  );
  const brought =
    extras.manifests.length + extras.charts.length === 0
      ? undefined
      : new Extras(
          `${name}-extras`,
          checked<ExtrasArgs, Extra & SecretsArg>({ ...extras, secrets }),
          after(...Object.values(tenants)),
        );
  const before = [...Object.values(tenants), ...(brought === undefined ? [] : [brought])];
  const access =
    tenancy.roles.length === 0
      ? []
      : [
          new Access(
            `${name}-access`,
            checked<AccessArgs, Pick<TenancySettings, "roles">>(tenancy),
            after(...before),
          ),
        ];
  const { oidc } = settings;
  return {
    tenants,
    extras: brought,
    all: [...roles, ...before, ...access],
    // Only how to reach the cluster is taken over, and that is no secret.
    oidcKubeconfig:
      oidc === undefined
        ? undefined
        : pulumi.unsecret(kubeconfig.apply((administrators) => oidcKubeconfig(administrators, oidc))),
  };
}
