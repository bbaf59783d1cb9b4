import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parseGatewayApi } from "../../model/addons/gatewayApi/alone";
import type { GatewayApiInput } from "../../model/addons/gatewayApi/settings";
import { partOf } from "../part";

/** Arguments of `GatewayApi`. `source` is a plain value, because the file determines which resources exist. */
export type GatewayApiArgs = GatewayApiInput;

/**
 * Gateway API's custom resource definitions. A preview and `up` read them from upstream's pinned release or from
 * `source`. The provider creates one resource for each definition.
 *
 * ```ts
 * new GatewayApi("gateway", {}, { provider });
 * ```
 *
 * Removing the component keeps the definitions, because deleting one would delete all objects of its kind.
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class GatewayApi extends pulumi.ComponentResource {
  /** The CustomResourceDefinitions. Resources of these kinds should depend on it. */
  readonly definitions: k8s.yaml.v2.ConfigFile;

  constructor(name: string, args: GatewayApiArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    const { shape } = partOf("GatewayApi", name, args, {}, parseGatewayApi);
    super("kubeadm:index:GatewayApi", name, {}, opts);
    this.definitions = new k8s.yaml.v2.ConfigFile(
      `${name}-definitions`,
      { file: shape.source, resourcePrefix: name },
      { parent: this, retainOnDelete: true },
    );
    this.registerOutputs({});
  }
}
