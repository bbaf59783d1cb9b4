import { z } from "zod";
import { matching, resources, switched } from "../../settings/schema/primitives";
import { EXPANDERS } from "./settings";

/** As other images (addons/primitives.ts), but the chart joins a repository and a tag, and takes no image without one. */
export function chartImagePattern(example: string) {
  return matching(
    /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/,
    `an image with its registry and a tag or digest, such as registry.example.com/${example}`,
  );
}

export const clusterAutoscaler = switched({
  expander: z.enum(EXPANDERS).optional(),
  scaleDownAfterMinutes: z.number().int().min(1).max(1_440).optional(),
  scaleDownUtilization: matching(/^([1-9]\d?|100)%$/, "a percentage from 1% to 100%").optional(),
  keepNodesWithLocalStorage: z.boolean().optional(),
  keepNodesWithSystemPods: z.boolean().optional(),
  resources: resources.optional(),
  image: chartImagePattern("cluster-autoscaler:v1.36.1").optional(),
});
