import { z } from "zod";

import { resources, switched } from "../../settings/schema/primitives";
import { image } from "../primitives";

const shape = {
  replicas: z.number().int().min(1).max(10).optional(),
  resources: resources.optional(),
  image: image.optional(),
};

export const metricsServerObject = z.strictObject(shape);

export const metricsServerSchema = switched(shape);
