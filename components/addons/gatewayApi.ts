import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parseGatewayApi } from "../../model/addons/gatewayApi/alone";
import type { GatewayApiInput } from "../../model/addons/gatewayApi/settings";
import { partOf } from "../part";

/** The definitions' source; the file decides which resources exist, so it is plain. */
export type GatewayApiArgs = GatewayApiInput;

/**
 * Gateway API's custom resource definitions, from upstream's own file: it is half a megabyte of schemas that this library
 * has no part in, so it is read when `up` runs, from the pinned release or from where the settings say. The provider makes
 * one resource of each definition; a preview needs the file too.
 *
 * ```ts
 * new GatewayApi("gateway", {}, { provider });
 * ```
 *
 * They are kept when the setting goes: with a definition all objects of its kind would go.
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class GatewayApi extends pulumi.ComponentResource {
  /** The CustomResourceDefinitions; what uses them depends on it. */
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
