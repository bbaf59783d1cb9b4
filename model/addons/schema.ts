import { gatewayApiSchema } from "./gatewayApi/schema";
import { helmSchema } from "./helm/schema";
import { ingressSchema } from "./ingress/schema";
import { metallbSchema } from "./metallb/schema";
import { metricsServerSchema } from "./metricsServer/schema";

/** Settings of what runs in the cluster besides CNI and DNS. */
export const addonsShape = {
  helm: helmSchema.optional(),
  metallb: metallbSchema.optional(),
  ingress: ingressSchema.optional(),
  gatewayApi: gatewayApiSchema.optional(),
  metricsServer: metricsServerSchema.optional(),
};
