import * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject } from "../../model/kubernetes";
import type { ClusterSettings } from "../../model/settings/resolved";
import { tenantPolicies } from "../../model/tenants/admission";
import { grantBindings, tenantClusterRoles } from "../../model/tenants/roles";
import { anyResource, anyResourceName } from "../kubernetes/anyResource";
import { requireArguments } from "../arguments";

export interface AccessArgs {
  /** Resolved settings: `roles` and `tenants` are read from them. */
  readonly settings: ClusterSettings;
}

/** What holds for all tenants: ClusterRoles of their members, and what admission refuses. Made before the first tenant. */
export class TenantRoles extends pulumi.ComponentResource {
  /** The objects, in the order they are made. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: AccessArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("TenantRoles", name, args, ["settings"]);
    super("kubeadm:index:TenantRoles", name, {}, opts);
    this.resources = objects(
      this,
      name,
      [...tenantClusterRoles(args.settings), ...tenantPolicies(args.settings)],
      opts,
    );
    this.registerOutputs({});
  }
}

/** Roles of people in the whole cluster, or in namespaces that have to be there already. */
export class Access extends pulumi.ComponentResource {
  /** The objects, in the order they are made. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: AccessArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("Access", name, args, ["settings"]);
    super("kubeadm:index:Access", name, {}, opts);
    this.resources = objects(this, name, grantBindings(args.settings.tenancy.roles), opts);
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
