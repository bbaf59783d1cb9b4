import { type Switched, whenEnabled } from "../../core/enabled";
import { minorOf, type Minor } from "../../versions";
import type { ClusterAutoscalerInput, ClusterAutoscalerSettings } from "./settings";

/**
 * Tags `cluster-autoscaler-<version>` of kubernetes/autoscaler, of 2026-07-22. It simulates the scheduler of its own minor version, so
 * upstream advises the cluster's (cluster-autoscaler/README.md, "Releases"). None is out for 1.37 yet.
 */
const RELEASES: Readonly<Record<Minor, string>> = {
  "1.34": "v1.34.5",
  "1.35": "v1.35.2",
  "1.36": "v1.36.1",
  "1.37": "v1.36.1",
};

const REPOSITORY = "registry.k8s.io/autoscaling/cluster-autoscaler";

// The chart requests nothing; these are of cloudprovider/aws/examples/cluster-autoscaler-autodiscover.yaml.
const DEFAULTS = {
  expander: "least-waste",
  scaleDownAfterMinutes: 10,
  scaleDownUtilization: "50%",
  keepNodesWithLocalStorage: true,
  keepNodesWithSystemPods: true,
  resources: { requests: { cpu: "100m", memory: "600Mi" } },
} as const;

/** Cluster Autoscaler with defaults filled in; undefined: it is not installed. */
export function resolveClusterAutoscaler(
  given: (ClusterAutoscalerInput & Switched) | undefined,
  { chart, kubernetes }: { readonly chart: string; readonly kubernetes: string },
): ClusterAutoscalerSettings | undefined {
  const written = whenEnabled(given);
  if (written === undefined) return undefined;
  const { enabled: _, image, scaleDownUtilization = DEFAULTS.scaleDownUtilization, ...input } = written;
  const release = RELEASES[minorOf(kubernetes) as Minor];
  return {
    ...DEFAULTS,
    ...input,
    scaleDownUtilization: Number(scaleDownUtilization.slice(0, -1)),
    image: image ?? `${REPOSITORY}:${release}`,
    chart,
  };
}
