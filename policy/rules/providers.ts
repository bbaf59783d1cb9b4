import type { PolicyProviderResource, StackValidationPolicy } from "@pulumi/policy";
import { requireClusters } from "../clusters";
import { NONE_ALLOWED, configured, listOf } from "../configuration";
import { KUBERNETES_PROVIDER, isKubernetesObject } from "../resources";

/** The default provider uses the kubeconfig of whoever runs Pulumi. */
export const clusterProvider: StackValidationPolicy = {
  name: "cluster-provider",
  description: "In a stack with a cluster, no Kubernetes object uses the default provider.",
  enforcementLevel: "mandatory",
  severity: "high",
  remediationSteps:
    "Give the resource `{ provider: cluster.provider }`, or a component above it `{ providers: [cluster.provider] }`.",
  configSchema: {
    properties: {
      allow: listOf("Names of resources that belong to the cluster of the current kubectl context."),
    },
  },
  validateStack: (args, reportViolation) => {
    requireClusters(args);
    const { allow } = configured(args, NONE_ALLOWED);
    for (const resource of args.resources) {
      const isInside = isKubernetesObject(resource.type) || resource.type === "kubernetes:helm.sh/v3:Release";
      if (!isInside || !isDefault(resource.provider) || allow.includes(resource.name)) continue;
      reportViolation(
        `${resource.name} uses the default provider, which talks to the cluster of kubectl's current context`,
        resource.urn,
      );
    }
  },
};

/** The engine names its own `default` and the version: pkg/resource/deploy/providers, `default_4_34_2`. */
function isDefault(provider: PolicyProviderResource | undefined): boolean {
  return provider?.type === KUBERNETES_PROVIDER && /^default(_|$)/.test(provider.name);
}
