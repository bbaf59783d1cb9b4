import { ENCAPSULATED, ROUTED, type CniProfile } from "../domain";
import type { FlannelSettings } from "./settings";

// flannel README, "Networking details": no NetworkPolicy. kube-proxy: net-conf.json's EnableNFTables (Documentation/
// configuration.md). Slices: `--kube-subnet-mgr` takes the Node's podCIDR (Documentation/kubernetes.md).
const flannel = {
  networkPolicy: false,
  kubeProxyModes: ["nftables", "iptables"],
  slices: true,
  namespaces: ["kube-flannel"],
  interfaces: { pods: ["cni0"], overlay: ["flannel*"] },
} as const;

export const FLANNEL_ROWS: Readonly<Record<FlannelSettings["backend"], CniProfile>> = {
  // flannel Documentation/backends.md: UDP 8472 on Linux; overhead: outer Ethernet 14 + IPv4 20 + UDP 8 + VXLAN 8
  // (pkg/backend/vxlan/device.go, encapOverhead = 50).
  vxlan: {
    ...flannel,
    ...ENCAPSULATED,
    overhead: 50,
    ports: [{ protocol: "udp", port: 8472, name: "VXLAN", reason: "flannel VXLAN between nodes" }],
    windows: true,
    kernelModules: ["vxlan"],
  },
  // flannel Documentation/backends.md: IP routes to subnets via remote machine addresses; needs layer 2 between hosts.
  // Windows nodes would need l2bridge networks, which the Windows pool does not make.
  "host-gw": {
    ...flannel,
    ...ROUTED,
    overhead: 0,
    ports: [],
    needsOneSegment: true,
    windows: false,
    kernelModules: [],
    routesSlicesToNodes: true,
  },
  // flannel Documentation/backends.md: ListenPort 51820; overhead: pkg/backend/wireguard/device.go, overhead = 80. Windows:
  // pkg/backend/wireguard/wireguard_windows.go refuses.
  wireguard: {
    ...flannel,
    ...ENCAPSULATED,
    overhead: 80,
    ports: [{ protocol: "udp", port: 51820, name: "WireGuard", reason: "flannel WireGuard between nodes" }],
    windows: false,
    kernelModules: ["wireguard"],
  },
};
