import type { ImageSource } from "../../images";
import { UPSTREAM_REGISTRY } from "../../images";
import { parseAlone } from "../../settings/alone";
import { repository } from "../../settings/schema/primitives";
import { metricsServerObject } from "./schema";
import { METRICS_SERVER, type MetricsServerInput, type MetricsServerSettings } from "./settings";

/** metrics-server in a cluster whose settings the library does not have. */
export interface MetricsServerAloneInput extends MetricsServerInput {
  /**
   * Registry and path of the image.
   *
   * @defaultValue `registry.k8s.io`
   */
  imageRepository?: string;
}

export interface MetricsServerSpec extends ImageSource {
  readonly metricsServer: MetricsServerSettings;
}

const schema = metricsServerObject.extend({ imageRepository: repository.optional() });

/** @throws SettingsError with every problem */
export function parseMetricsServer(given: unknown, title: string): MetricsServerSpec {
  const { imageRepository, ...input } = parseAlone(title, given, {
    schema,
    key: "metricsServer",
    around: () => ({}),
    checks: [],
  });
  return {
    metricsServer: { ...METRICS_SERVER, ...input },
    images: { repository: imageRepository ?? UPSTREAM_REGISTRY },
  };
}
