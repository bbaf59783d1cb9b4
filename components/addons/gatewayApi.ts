import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { requireArguments } from "../arguments";

export interface GatewayApiArgs {
  /** URL or path of the CRDs as upstream releases them. */
  readonly source: string;
}

/**
 * Gateway API's custom resource definitions, from upstream's own file: it is half a megabyte of schemas that this library
 * has no part in, so it is read when `up` runs, from the pinned release or from where the settings say. The provider makes
 * one resource of each definition; a preview needs the file too.
 *
 * They are kept when the setting goes: with a definition all objects of its kind would go.
 */
export class GatewayApi extends pulumi.ComponentResource {
  /** The CustomResourceDefinitions; what uses them depends on it. */
  readonly definitions: k8s.yaml.v2.ConfigFile;

  constructor(name: string, args: GatewayApiArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("GatewayApi", name, args, ["source"]);
    super("kubeadm:addons:GatewayApi", name, {}, opts);
    this.definitions = new k8s.yaml.v2.ConfigFile(
      `${name}-definitions`,
      { file: args.source, resourcePrefix: name },
      { parent: this, retainOnDelete: true },
    );
    this.registerOutputs({});
  }
}
