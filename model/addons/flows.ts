import type { Flow } from "../network/flow";
import type { AddonSettings, Exposure } from "./settings";

/** metallb v0.16.1, charts/metallb/values.yaml, speaker.memberlist.mlBindPort. */
export const METALLB_MEMBER_PORT = 7946;

/**
 * frr-k8s 0.0.25, charts/frr-k8s: webhookPort of values.yaml, on the host's network of one node (templates/
 * status-cleaner.yaml). The API server asks it at each of its objects, and without its answer takes none.
 */
const FRR_WEBHOOK_PORT = 19443;

/** What add-ons in use must be reached by from other hosts. What stays on the pods' network is the CNI's flow. */
export function addonFlows(
  { metallb, ingress, metricsServer }: Pick<AddonSettings, "metallb" | "ingress" | "metricsServer">,
  kubeletPort: number,
): Flow[] {
  const flows: Flow[] = [];
  if (metricsServer !== undefined) {
    flows.push({
      from: "node",
      to: "node",
      protocol: "tcp",
      ports: [{ from: kubeletPort, to: kubeletPort }],
      reason: "metrics-server asks kubelets, with the address of its node",
    });
  }
  if (metallb !== undefined) {
    for (const protocol of ["tcp", "udp"] as const) {
      flows.push({
        from: "node",
        to: "node",
        protocol,
        ports: [{ from: METALLB_MEMBER_PORT, to: METALLB_MEMBER_PORT }],
        reason: "MetalLB's speakers tell one another who is there",
      });
    }
  }
  if (metallb?.bgp?.backend === "frr-k8s") {
    flows.push({
      from: "controlPlane",
      to: "node",
      protocol: "tcp",
      ports: [{ from: FRR_WEBHOOK_PORT, to: FRR_WEBHOOK_PORT }],
      reason: "API servers ask the webhook of frr-k8s, MetalLB's BGP",
    });
  }
  if (ingress?.expose.type === "hostPorts") flows.push(hostPortFlow(ingress.expose));
  return flows;
}

function hostPortFlow({ http, https }: Extract<Exposure, { type: "hostPorts" }>): Flow {
  return {
    from: "serviceClient",
    to: "node",
    protocol: "tcp",
    ports: [http, https].sort((a, b) => a - b).map((port) => ({ from: port, to: port })),
    reason: "ingress on host ports for those whom access.nodePorts names",
  };
}
