import { type Switched, whenEnabled } from "../../core/enabled";
import type { PodResourcesInput } from "../../kubernetes";
import type { PodResources } from "../../settings/resolvedShared";

/** metrics-server: `metricsServer` in the settings, and the arguments of the component `MetricsServer`. */
export interface MetricsServerInput {
  /**
   * Pods, 1 to 10.
   *
   * @defaultValue 1
   */
  replicas?: number;
  /**
   * Of each pod.
   *
   * @defaultValue requests of 100m CPU and 200Mi memory, enough for a hundred nodes
   */
  resources?: PodResourcesInput;
  /**
   * Image with its registry.
   *
   * @defaultValue the pinned release
   */
  image?: string;
}

/** What `kubectl top` and autoscalers ask. */
export interface MetricsServerSettings {
  /** Pods, 1 to 10; default 1. */
  readonly replicas: number;
  /** Of each pod; default requests of 100m CPU and 200Mi memory: enough for a hundred nodes. */
  readonly resources: PodResources;
  /** Another image than the pinned one. */
  readonly image?: string;
}

// metrics-server v0.8.1, manifests/base/deployment.yaml: enough for a hundred nodes.
export const METRICS_SERVER = {
  replicas: 1,
  resources: { requests: { cpu: "100m", memory: "200Mi" } },
} as const;

/** metrics-server with defaults filled in; undefined: it is not installed. */
export function resolveMetricsServer(
  given: (MetricsServerInput & Switched) | undefined,
): MetricsServerSettings | undefined {
  const written = whenEnabled(given);
  if (written === undefined) return undefined;
  const { enabled: _, ...input } = written;
  return { ...METRICS_SERVER, ...input };
}
