import * as pulumi from "@pulumi/pulumi";
import { metricsServerManifests } from "../../model/addons/metricsServer/manifests";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { MetricsServerSettings } from "../../model/addons/settings";
import { manifestResources } from "../kubernetes/manifest";
import { requireArguments } from "../arguments";

export interface MetricsServerArgs {
  /** Resolved settings; `images` are read from them. */
  readonly settings: ClusterSettings;
  /** `metricsServer` of the settings. */
  readonly metricsServer: MetricsServerSettings;
}

/**
 * metrics-server: what `kubectl top` and autoscalers of pods ask. It becomes ready once it has asked every kubelet, whose
 * certificates it verifies by the cluster's CA.
 */
export class MetricsServer extends pulumi.ComponentResource {
  /** The objects, in the order they are made. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: MetricsServerArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("MetricsServer", name, args, ["settings", "metricsServer"]);
    super("kubeadm:addons:MetricsServer", name, {}, opts);
    this.resources = manifestResources(name, metricsServerManifests(args.settings, args.metricsServer), {
      parent: this,
      deletedWith: opts?.deletedWith,
    });
    this.registerOutputs({});
  }
}
