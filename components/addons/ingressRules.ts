import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ingressRulesManifest, type IngressRulesSpec } from "../../model/addons/ingress/rules";
import { requireArguments } from "../arguments";
import { reporting } from "../settingsError";

export interface IngressRulesArgs extends IngressRulesSpec {
  /** Name of the Ingress in the cluster; default: the component's. */
  readonly objectName?: string;
}

/**
 * Host and path rules with TLS as one Ingress, served by whichever controller has its class:
 *
 * ```ts
 * new IngressRules("shop", {
 *   namespace: "shop",
 *   hosts: {
 *     "shop.example.com": {
 *       tlsSecret: "shop-tls",
 *       paths: { "/": { service: "web", port: 80 }, "/api": { service: "api", port: "http" } },
 *     },
 *   },
 * }, { provider: cluster.provider });
 * ```
 *
 * @throws ClusterSettingsError with everything that is wrong with the rules, before a resource is made
 */
export class IngressRules extends pulumi.ComponentResource {
  /** The one object that has all the rules. */
  readonly ingress: k8s.networking.v1.Ingress;

  constructor(name: string, args: IngressRulesArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("IngressRules", name, args, ["namespace"]);
    const { objectName = name, ...spec } = args;
    const { metadata, ...manifest } = reporting(() => ingressRulesManifest(objectName, spec));
    super("kubeadm:index:IngressRules", name, {}, opts);
    this.ingress = new k8s.networking.v1.Ingress(
      `${name}-ingress`,
      {
        metadata: { ...metadata, annotations: { ...metadata.annotations, "pulumi.com/patchForce": "true" } },
        spec: manifest.spec as pulumi.Unwrap<k8s.types.input.networking.v1.IngressSpec>,
      },
      { parent: this, deletedWith: opts?.deletedWith },
    );
    this.registerOutputs({});
  }
}
