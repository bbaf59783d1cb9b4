import { z } from "zod";

import { resources } from "../../settings/schema/primitives";
import { image } from "../primitives";

export const metricsServerObject = z.strictObject({
  replicas: z.number().int().min(1).max(10).optional(),
  resources: resources.optional(),
  image: image.optional(),
});

export const metricsServerSchema = z.union([z.boolean(), metricsServerObject]);
