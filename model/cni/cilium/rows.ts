import { ENCAPSULATED, ROUTED, type CniProfile, type CniPort } from "../domain";
import type { CiliumSettings } from "./settings";

// Cilium documentation, "System Requirements", firewall rules: health TCP 4240 and ICMP echo, VXLAN UDP 8472, Geneve UDP
// 6081, WireGuard UDP 51871, Hubble TCP 4244. "Kubernetes Host Scope" (ipam.mode kubernetes): pods have addresses of their
// Node's podCIDR. Without the replacement its rules are iptables', so kube-proxy's are too.
const health: readonly CniPort[] = [
  { protocol: "tcp", port: 4240, name: "Cilium's health checks", reason: "Cilium health checks" },
  { protocol: "icmp", name: "Cilium's health checks", reason: "Cilium health checks" },
];

export const HUBBLE: CniPort = {
  protocol: "tcp",
  port: 4244,
  name: "Hubble",
  reason: "Hubble Relay asks the agents for flows",
};

export const WIREGUARD: CniPort = {
  protocol: "udp",
  port: 51871,
  name: "Cilium's WireGuard",
  reason: "Cilium WireGuard between nodes",
};

/** Bytes that WireGuard takes (cilium/cilium pkg/mtu/mtu.go, WireguardOverhead). */
export const WIREGUARD_OVERHEAD = 80;

const cilium = {
  networkPolicy: true,
  windows: false,
  kubeProxyModes: ["iptables"],
  slices: true,
  // The second is the chart's, for certificates of policies.
  namespaces: ["kube-system", "cilium-secrets"],
} as const;

const interfaces = (...tunnel: string[]) => ({
  pods: ["lxc*"],
  overlay: ["cilium_host", "cilium_net", ...tunnel],
});

export const CILIUM_ROWS: Readonly<Record<CiliumSettings["backend"], CniProfile>> = {
  // Overheads: cilium/cilium pkg/mtu/mtu.go, TunnelOverhead.
  vxlan: {
    ...cilium,
    ...ENCAPSULATED,
    overhead: 50,
    ports: [
      { protocol: "udp", port: 8472, name: "Cilium's VXLAN", reason: "Cilium VXLAN between nodes" },
      ...health,
    ],
    kernelModules: ["vxlan"],
    interfaces: interfaces("cilium_vxlan"),
  },
  geneve: {
    ...cilium,
    ...ENCAPSULATED,
    overhead: 50,
    ports: [
      { protocol: "udp", port: 6081, name: "Cilium's Geneve", reason: "Cilium Geneve between nodes" },
      ...health,
    ],
    kernelModules: ["geneve"],
    interfaces: interfaces("cilium_geneve"),
  },
  native: {
    ...cilium,
    ...ROUTED,
    overhead: 0,
    ports: health,
    needsOneSegment: true,
    kernelModules: [],
    interfaces: interfaces(),
    routesSlicesToNodes: true,
  },
};
