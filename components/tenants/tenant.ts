import * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject } from "../../model/kubernetes";
import { lateTokens } from "../../model/settings/late";
import type { TenantCredentials } from "../../model/tenants/settings";
import { parseTenant, type TenantClusterInput, type TenantSpec } from "../../model/tenants/alone";
import type { TenantInput } from "../../model/tenants/input";
import { tenantKubeconfig } from "../../model/tenants/kubeconfig";
import { tenantManifests } from "../../model/tenants/manifests";
import { tenantGroup } from "../../model/tenants/names";
import { isNamespace } from "../../model/extras/order";
import { anyResource, anyResourceName } from "../kubernetes/anyResource";
import type { LateObject } from "../kubernetes/manifest";
import type { LateSettings } from "../late";
import { clientCertificate } from "../pki/clientCertificate";
import { Checked, orChecked, partOf, type Part, type Samples, type WithInputs } from "../part";

/** Who signs the tenant's certificate, as an `Authority` does. */
interface Signing {
  /**
   * Signs the certificate in the tenant's kubeconfig.
   *
   * @defaultValue none: the tenant has no kubeconfig
   */
  authority?: { readonly signingKey: pulumi.Input<string>; readonly certificate: pulumi.Input<string> };
  /** A kubeconfig of the cluster. Its server and CA go into the tenant's kubeconfig. Required with `authority`. */
  kubeconfig?: pulumi.Input<string>;
}

/**
 * Arguments of `Tenant`. Values that determine which objects exist, and values that the library checks, are plain;
 * addresses of nodes may be outputs.
 */
export interface TenantArgs extends TenantInput, Signing {
  /**
   * Name of the tenant and of its namespace.
   *
   * @defaultValue the name of the component
   */
  tenant?: string;
  /** Facts about the cluster that network policy and members depend on. */
  cluster?: WithInputs<TenantClusterInput, "controlPlane" | "nodes">;
}

/** A tenant of a cluster's settings. */
export interface SettingsTenant extends TenantSpec, Signing {
  /** Addresses of the settings that come later; undefined: all are there. */
  readonly late?: LateSettings | undefined;
}

const SAMPLES: Samples = {
  "cluster.controlPlane": () => ["10.255.255.1"],
  "cluster.controlPlane.*": (number) => `10.255.255.${number}`,
  "cluster.nodes": () => [],
  "cluster.nodes.*": (number) => `10.255.254.${number}`,
};

/**
 * A team's share of the cluster: namespace, quota, limits, network policy, roles, and a kubeconfig. Pass the
 * cluster's provider as `provider`, and the cluster's init as `deletedWith`. It needs the ClusterRoles of
 * `TenantRoles`.
 *
 * ```ts
 * new Tenant(
 *   "shop",
 *   {
 *     quota: { cpu: "4", memory: "8Gi" },
 *     authority: pki.cluster,
 *     kubeconfig,
 *   },
 *   { provider },
 * );
 * ```
 *
 * The kubeconfig contains a client certificate, which cannot be revoked. `credentials` sets how many hours it is
 * valid, and `up` renews it shortly before it expires.
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Tenant extends pulumi.ComponentResource {
  /** The team's kubeconfig; secret. Undefined with `credentials: { enabled: false }`. */
  readonly kubeconfig: pulumi.Output<string> | undefined;
  /** The namespace. Resources in it should depend on it. */
  readonly namespace: pulumi.Resource;
  /** All objects; the namespace is first. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: TenantArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    const { authority, kubeconfig, given, late } = split(orChecked<TenantArgs, SettingsTenant>(args));
    const { tenant: called = name, ...rest } = given instanceof Checked ? { tenant: undefined } : given;
    const signed = authority !== undefined && kubeconfig !== undefined;
    const part = partOf<TenantSpec>(
      "Tenant",
      name,
      given instanceof Checked ? given : rest,
      SAMPLES,
      (raw, title) => parseTenant(called, signed, raw, title),
    );
    super("kubeadm:index:Tenant", name, {}, opts);
    const [namespace, ...resources] = this.createObjects(name, part, late, opts);
    if (namespace === undefined) throw new Error("a tenant has a namespace");
    this.namespace = namespace;
    this.resources = [namespace, ...resources];
    const { tenant } = part.shape;
    this.kubeconfig =
      tenant.credentials === undefined || authority === undefined || kubeconfig === undefined
        ? undefined
        : this.createKubeconfig(name, tenant.name, { authority, kubeconfig }, tenant.credentials);
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  private createObjects(
    name: string,
    { shape, spec }: Part<TenantSpec>,
    late: LateSettings | undefined,
    opts: pulumi.ComponentResourceOptions | undefined,
  ): pulumi.CustomResource[] {
    const { tenant, cluster } = shape;
    const made: pulumi.CustomResource[] = [];
    const objects = (known: TenantSpec): readonly KubernetesObject[] =>
      tenantManifests(known.tenant, known.cluster);
    // The network policy alone has a machine's address.
    const withAddresses = (object: KubernetesObject, index: number): LateObject => {
      if (object.kind !== "NetworkPolicy") return object;
      if (pulumi.Output.isInstance(spec))
        return { ...object, spec: spec.apply((known) => objects(known)[index]?.["spec"]) };
      if (late === undefined || lateTokens(object).length === 0) return object;
      const later = late.render(undefined, (known) => objects({ tenant, cluster: known })[index]?.["spec"]);
      return { ...object, spec: later };
    };
    for (const [index, object] of objects(shape).entries()) {
      // Its namespace is in the prefix already.
      const { namespace: _namespace, ...metadata } = object.metadata;
      const first = isNamespace(object);
      made.push(
        anyResource(anyResourceName(name, { ...object, metadata }), withAddresses(object, index), {
          parent: this,
          // A team's load balancers and volumes are outside a cluster in a cloud: they go with the namespace, before it.
          ...(first && cluster.aws !== undefined ? {} : { deletedWith: opts?.deletedWith }),
          // With a namespace goes all that is in it.
          ...(first ? { protect: tenant.protect } : { dependsOn: made.slice(0, 1) }),
        }),
      );
    }
    return made;
  }

  /** Three resources, all in the stack: nothing is scraped from the cluster, and no token is kept in it. */
  private createKubeconfig(
    name: string,
    tenant: string,
    { authority, kubeconfig }: Required<Signing>,
    credentials: TenantCredentials,
  ): pulumi.Output<string> {
    const group = tenantGroup(tenant);
    const { certificate, key } = clientCertificate(
      name,
      { authority, subject: { commonName: group, organization: group }, ...credentials },
      { parent: this },
    );
    return pulumi.secret(
      pulumi
        .all([kubeconfig, certificate, key])
        .apply(([administrators, pem, privateKey]) =>
          tenantKubeconfig(administrators, tenant, { certificate: pem, key: privateKey }),
        ),
    );
  }
}

function split(args: TenantArgs | Checked<SettingsTenant>) {
  if (args instanceof Checked) {
    const { authority, kubeconfig, late } = args.spec;
    return { authority, kubeconfig, late, given: args };
  }
  const { authority, kubeconfig, ...given } = args;
  return { authority, kubeconfig, late: undefined, given };
}
