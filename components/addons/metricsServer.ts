import * as pulumi from "@pulumi/pulumi";
import {
  parseMetricsServer,
  type MetricsServerAloneInput,
  type MetricsServerSpec,
} from "../../model/addons/metricsServer/alone";
import { metricsServerManifests } from "../../model/addons/metricsServer/manifests";
import { partOf, partResources, type Samples, type WithInputs } from "../part";

/** Arguments of `MetricsServer`. Every argument has a default. */
export type MetricsServerArgs = WithInputs<
  MetricsServerAloneInput,
  "replicas" | "resources" | "image" | "imageRepository"
>;

const SAMPLES: Samples = {
  replicas: () => 1,
  resources: () => ({}),
  image: () => "registry.example.com/metrics-server:v1",
  imageRepository: () => "registry.example.com",
};

/**
 * metrics-server: the source of `kubectl top` and autoscalers. It becomes ready once it has called every kubelet. It
 * verifies their serving certificates with the cluster's CA, so kubelets need `serverTLSBootstrap`.
 *
 * ```ts
 * new MetricsServer("metrics", { replicas: 2 }, { provider });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class MetricsServer extends pulumi.ComponentResource {
  /** The objects in the cluster, in the order in which they are created. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: MetricsServerArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    const part = partOf<MetricsServerSpec>("MetricsServer", name, args, SAMPLES, parseMetricsServer);
    super("kubeadm:index:MetricsServer", name, {}, opts);
    this.resources = partResources(name, part, (spec) => metricsServerManifests(spec, spec.metricsServer), {
      parent: this,
      deletedWith: opts?.deletedWith,
    });
    this.registerOutputs({});
  }
}
