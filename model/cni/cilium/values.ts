import type { JsonValue } from "../../kubernetes";
import { ciliumProfile } from "./profile";
import type { CiliumSpec } from "./spec";

/** Namespace of Cilium's release, which its documentation assumes. */
export const CILIUM_NAMESPACE = "kube-system";

/** Values of chart cilium (cilium/cilium v1.19, install/kubernetes/cilium/values.yaml). */
export function ciliumValues({ cni, network, endpoint }: CiliumSpec): Readonly<Record<string, JsonValue>> {
  const native = cni.backend === "native";
  // The chart's MTU is that of the nodes' network: Cilium takes the overhead off itself.
  const mtu = cni.mtu === undefined ? network.mtu : cni.mtu + ciliumProfile(cni).overhead;
  return {
    // The Node's slice, which kube-controller-manager gave it: the pod range is kubeadm's and stands nowhere else.
    ipam: { mode: "kubernetes" },
    k8s: { requireIPv4PodCIDR: true },
    ipv4: { enabled: true },
    ipv6: { enabled: false },
    ...(native
      ? {
          routingMode: "native",
          autoDirectNodeRoutes: cni.autoDirectNodeRoutes,
          ipv4NativeRoutingCIDR: network.podCidr,
        }
      : { routingMode: "tunnel", tunnelProtocol: cni.backend }),
    ...(mtu === undefined ? {} : { MTU: mtu }),
    kubeProxyReplacement: cni.kubeProxyReplacement,
    // Without kube-proxy the Service `kubernetes` answers only once Cilium runs.
    ...(cni.kubeProxyReplacement ? { k8sServiceHost: endpoint?.host, k8sServicePort: endpoint?.port } : {}),
    ...(cni.encryption === undefined ? {} : { encryption: { enabled: true, type: cni.encryption.type } }),
    hubble: {
      enabled: cni.hubble.enabled,
      relay: { enabled: cni.hubble.relay },
      ui: { enabled: cni.hubble.ui },
    },
    bgpControlPlane: { enabled: false },
    operator: { replicas: cni.operatorReplicas },
  };
}
