import { type Switched, whenEnabled } from "../../core/enabled";
import type { PodResourcesInput } from "../../kubernetes";
import type { PodResources } from "../../settings/resolvedShared";

/** metrics-server: `metricsServer` in the settings, and arguments of the component `MetricsServer`. */
export interface MetricsServerInput {
  /**
   * Number of pods, 1 to 10.
   *
   * @defaultValue 1
   */
  replicas?: number;
  /**
   * Requests and limits of each pod.
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

/** metrics-server, the source of `kubectl top` and autoscalers. */
export interface MetricsServerSettings {
  /** Number of pods, 1 to 10. Default: 1. */
  readonly replicas: number;
  /** Requests and limits of each pod. */
  readonly resources: PodResources;
  /** Image in place of the pinned one. */
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
