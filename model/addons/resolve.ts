import type { ClusterInput } from "../settings/schema/cluster";
import { defined } from "../core/defined";
import { resolveGatewayApi } from "./gatewayApi/settings";
import { resolveIngress } from "./ingress/settings";
import { resolveMetallb } from "./metallb/settings";
import { resolveMetricsServer } from "./metricsServer/settings";
import type { AddonSettings } from "./settings";

export function resolveAddons(input: ClusterInput): AddonSettings {
  const { helm, metallb, ingress, gatewayApi, metricsServer } = input;
  return {
    helm: { sources: helm?.sources ?? {}, versions: helm?.versions ?? {} },
    ...defined({
      metallb: metallb && resolveMetallb(metallb, input.platform === "aws"),
      ingress: ingress && resolveIngress(ingress),
      gatewayApi: resolveGatewayApi(gatewayApi),
      metricsServer: resolveMetricsServer(metricsServer),
    }),
  };
}
