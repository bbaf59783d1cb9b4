import { z } from "zod";
import { resources, switched } from "../../settings/schema/primitives";
import { chartImagePattern } from "../autoscaler/schema";

export const loadBalancerController = switched({
  defaultForServices: z.boolean().optional(),
  defaultForIngresses: z.boolean().optional(),
  replicas: z.number().int().min(1).max(5).optional(),
  resources: resources.optional(),
  image: chartImagePattern("aws-load-balancer-controller:v3.5.0").optional(),
});
