import type { Switched } from "../../core/enabled";
import type { PodResourcesInput } from "../../kubernetes";
import type { PodResources } from "../../settings/resolvedShared";

/** How a pool is chosen among those that a waiting pod fits (cluster-autoscaler, expander/expander.go). */
export const EXPANDERS = ["least-waste", "most-pods", "least-nodes", "random"] as const;
export type Expander = (typeof EXPANDERS)[number];

/** Cluster Autoscaler, which sets the size of pools with `min` and `max`. `{}` uses the defaults. */
export interface ClusterAutoscalerInput extends Switched {
  /**
   * Which pool grows if a waiting pod fits several: the pool that leaves the least CPU and memory unused
   * (`least-waste`), takes the most pods (`most-pods`), needs the fewest nodes (`least-nodes`), or any pool
   * (`random`).
   *
   * @defaultValue `least-waste`
   */
  expander?: Expander;
  /**
   * How long a node must be underused before it is drained and terminated, in minutes, 1 to 1440.
   *
   * @defaultValue `10`
   */
  scaleDownAfterMinutes?: number;
  /**
   * Share of a node's CPU and memory below which the requests of its pods count as underuse, in percent.
   *
   * @defaultValue `50%`
   */
  scaleDownUtilization?: string;
  /**
   * Keeps a node while one of its pods has an `emptyDir` or `hostPath` volume, which it would lose.
   *
   * @defaultValue `true`
   */
  keepNodesWithLocalStorage?: boolean;
  /**
   * Keeps a node for an hour while it runs a pod of `kube-system` that no disruption budget covers. Pods of
   * DaemonSets do not count.
   *
   * @defaultValue `true`
   */
  keepNodesWithSystemPods?: boolean;
  /**
   * Requests and limits of its pod.
   *
   * @defaultValue requests of 100m CPU and 600Mi memory
   */
  resources?: PodResourcesInput;
  /**
   * Image with its registry and a tag or a digest.
   *
   * @defaultValue the newest release for the cluster's minor version of Kubernetes
   */
  image?: string;
}

/** The same, decided. */
export interface ClusterAutoscalerSettings {
  /** Version of the chart. */
  readonly chart: string;
  /** With its tag. */
  readonly image: string;
  readonly expander: Expander;
  readonly scaleDownAfterMinutes: number;
  /** In percent. */
  readonly scaleDownUtilization: number;
  readonly keepNodesWithLocalStorage: boolean;
  readonly keepNodesWithSystemPods: boolean;
  readonly resources: PodResources;
}
