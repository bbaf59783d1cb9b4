import { z } from "zod";
import { image } from "../../addons/primitives";
import { matching, resources, switched } from "../../settings/schema/primitives";
import { EXPANDERS } from "./settings";

export const clusterAutoscaler = switched({
  expander: z.enum(EXPANDERS).optional(),
  scaleDownAfterMinutes: z.number().int().min(1).max(1_440).optional(),
  scaleDownUtilization: matching(/^([1-9]\d?|100)%$/, "a percentage from 1% to 100%").optional(),
  keepNodesWithLocalStorage: z.boolean().optional(),
  keepNodesWithSystemPods: z.boolean().optional(),
  resources: resources.optional(),
  image: image.optional(),
});
