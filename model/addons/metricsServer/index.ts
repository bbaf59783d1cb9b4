import type { Switched } from "../../core/enabled";
import { KUBELET_PORT } from "../../network/ports";
import { resources } from "../../settings/effect";
import { replicas, type AddonDomain } from "../domain";
import { metricsServerSchema } from "./schema";
import { resolveMetricsServer, type MetricsServerInput, type MetricsServerSettings } from "./settings";

export const metricsServer = {
  schema: metricsServerSchema,
  parts: { "": { namespace: "kube-system", charts: {}, crdGroups: [] } },
  effects: [
    resources(
      ["metricsServer.**"],
      "its objects; changes hosts only when it is added or removed and `firewall` is nftables",
    ),
  ],
  resolve: resolveMetricsServer,
  summary: (settings) => ({ name: "metrics-server", addresses: [], about: [replicas(settings.replicas)] }),
  calls: () => [
    {
      from: "node",
      to: "node",
      protocol: "tcp",
      ports: [{ from: KUBELET_PORT, to: KUBELET_PORT }],
      reason: "metrics-server calls kubelets, from its node's address",
    },
  ],
} as const satisfies AddonDomain<MetricsServerInput & Switched, MetricsServerSettings>;
