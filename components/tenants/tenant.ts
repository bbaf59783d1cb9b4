import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { KubernetesObject } from "../../model/kubernetes";
import { lateTokens } from "../../model/settings/late";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { Tenant as TenantSettings, TenantCredentials } from "../../model/settings/resolvedTenancy";
import { tenantKubeconfig } from "../../model/tenants/kubeconfig";
import { tenantManifests } from "../../model/tenants/manifests";
import { tenantGroup } from "../../model/tenants/names";
import { isNamespace } from "../../model/extras/order";
import { anyResource, anyResourceName } from "../kubernetes/anyResource";
import type { LateObject } from "../kubernetes/manifest";
import type { LateSettings } from "../late";
import { made } from "../outputs";
import type { Authority } from "../pki/authority";
import { notTaken, requireArguments } from "../arguments";

export interface TenantArgs {
  /** Name of the tenant in the settings, and of its namespace. */
  readonly tenant: string;
  /** Resolved settings: the tenant itself, and ranges and addresses that its network policy names. */
  readonly settings: ClusterSettings;
  /** Addresses of the settings that come later; undefined: all are there. */
  readonly late?: LateSettings;
  /** The cluster's authority, which signs the tenant's certificate. */
  readonly authority: Authority;
  /** The administrator's kubeconfig, for the way to the cluster. */
  readonly kubeconfig: pulumi.Input<string>;
}

/**
 * A team's part of the cluster: namespace, quota, limits, network policy, roles, and a kubeconfig. Give it the cluster's
 * provider by `provider` and `deletedWith` the cluster's init; it needs the ClusterRoles of `Access`.
 *
 * The kubeconfig holds a client certificate, which nothing takes back before its end: its hours are in the settings, and an
 * `up` shortly before the end makes a new one.
 */
export class Tenant extends pulumi.ComponentResource {
  /** Of the team; secret. undefined where the settings say `credentials: { enabled: false }`. */
  readonly kubeconfig: pulumi.Output<string> | undefined;
  /** The namespace; what goes into it depends on it. */
  readonly namespace: pulumi.Resource;
  /** All objects, the namespace first. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: TenantArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments(
      "Tenant",
      name,
      args,
      ["tenant", "settings", "authority", "kubeconfig"],
      ({ settings, tenant }) => [
        notTaken(
          "tenant",
          tenant,
          settings.tenancy.tenants.map((one) => one.name),
        ),
      ],
    );
    super("kubeadm:index:Tenant", name, {}, opts);
    const tenant = args.settings.tenancy.tenants.find((one) => one.name === args.tenant);
    if (tenant === undefined) throw new Error(`no tenant is named ${args.tenant}`);
    const [namespace, ...resources] = this.createObjects(name, tenant, args, opts);
    if (namespace === undefined) throw new Error("a tenant has a namespace");
    this.namespace = namespace;
    this.resources = [namespace, ...resources];
    this.kubeconfig =
      tenant.credentials === undefined ? undefined : this.createKubeconfig(name, args, tenant.credentials);
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  private createObjects(
    name: string,
    tenant: TenantSettings,
    { settings, late }: TenantArgs,
    opts: pulumi.ComponentResourceOptions | undefined,
  ): pulumi.CustomResource[] {
    const made: pulumi.CustomResource[] = [];
    const objects = (known: ClusterSettings): readonly KubernetesObject[] => tenantManifests(tenant, known);
    // The network policy alone has a machine's address.
    const withAddresses = (object: KubernetesObject, index: number): LateObject =>
      late === undefined || lateTokens(object).length === 0
        ? object
        : {
            ...object,
            spec: late.render(undefined, (known) => objects(known)[index]?.["spec"]),
          };
    for (const [index, object] of objects(settings).entries()) {
      // Its namespace is in the prefix already.
      const { namespace: _namespace, ...metadata } = object.metadata;
      const first = isNamespace(object);
      made.push(
        anyResource(anyResourceName(name, { ...object, metadata }), withAddresses(object, index), {
          parent: this,
          // A team's load balancers and volumes are outside a cluster in a cloud: they go with the namespace, before it.
          ...(first && settings.aws !== undefined ? {} : { deletedWith: opts?.deletedWith }),
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
    { tenant, authority, kubeconfig }: TenantArgs,
    credentials: TenantCredentials,
  ): pulumi.Output<string> {
    const key = new tls.PrivateKey(
      `${name}-key`,
      { algorithm: "ECDSA", ecdsaCurve: "P256" },
      { parent: this },
    );
    const request = new tls.CertRequest(
      `${name}-request`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: tenantGroup(tenant), organization: tenantGroup(tenant) },
      },
      { parent: this },
    );
    const certificate = new tls.LocallySignedCert(
      `${name}-certificate`,
      {
        certRequestPem: request.certRequestPem,
        caPrivateKeyPem: authority.signingKey,
        caCertPem: authority.certificate,
        validityPeriodHours: credentials.validityHours,
        earlyRenewalHours: credentials.renewBeforeHours,
        allowedUses: ["digital_signature", "key_encipherment", "client_auth"],
      },
      { parent: this },
    );
    return pulumi.secret(
      pulumi
        .all([kubeconfig, made(certificate.certPem), made(key.privateKeyPem)])
        .apply(([administrators, pem, privateKey]) =>
          tenantKubeconfig(administrators, tenant, { certificate: pem, key: privateKey }),
        ),
    );
  }
}
