import { ENCAPSULATED, ownPorts, ROUTED, type CniProfile, type CniPort } from "../domain";
import type { CalicoSettings } from "./settings";

// Calico documentation, "System requirements", network requirements: Typha TCP 5473, BGP TCP 179, VXLAN UDP 4789, IP-in-IP
// protocol 4. kube-proxy: "Calico nftables data plane", the dataplane has to be kube-proxy's. Interfaces: FelixConfiguration
// reference, interfacePrefix and the tunnels' names. Calico's own Windows dataplane (HNS) is nothing this library renders.
const typha: CniPort = { protocol: "tcp", port: 5473, name: "Calico's Typha", reason: "Calico Typha" };
const bgp: CniPort = { protocol: "tcp", port: 179, name: "Calico's BGP", reason: "Calico BGP" };
// Calico reference, "Configuring Felix" (HealthPort 9099) and "Configuring Typha" (HealthPort 9098).
const health = ownPorts("Calico's health", 9098, 9099);
const calico = {
  networkPolicy: true,
  windows: false,
  kubeProxyModes: ["nftables", "iptables"],
  slices: false,
  namespaces: ["calico-system", "calico-apiserver", "tigera-operator"],
  needsOneSegment: false,
  // BIRD's and Felix' marks (FelixConfiguration reference, deviceRouteProtocol 80).
  routes: ["proto bird", "proto 80"],
} as const;

function vxlan(reason: string): CniPort {
  return { protocol: "udp", port: 4789, name: "Calico's VXLAN", reason };
}

export const CALICO_ROWS: Readonly<Record<CalicoSettings["backend"], CniProfile>> = {
  // Calico documentation, "Configure MTU": VXLAN 50.
  vxlan: {
    ...calico,
    ...ENCAPSULATED,
    overhead: 50,
    ports: [vxlan("Calico VXLAN between nodes"), typha, ...health],
    kernelModules: ["vxlan"],
    interfaces: { pods: ["cali*"], overlay: ["vxlan.calico"] },
  },
  // As above; inside one subnet packets are not encapsulated, so pod addresses show there.
  "vxlan-cross-subnet": {
    ...calico,
    ...ROUTED,
    needsOneSubnet: false,
    overhead: 50,
    ports: [vxlan("Calico VXLAN between subnets"), typha, ...health],
    kernelModules: ["vxlan"],
    interfaces: { pods: ["cali*"], overlay: ["vxlan.calico"] },
  },
  // "Configure MTU": IP-in-IP 20; routes are exchanged over BGP.
  ipip: {
    ...calico,
    ...ENCAPSULATED,
    overhead: 20,
    ports: [
      { protocol: "ipip", name: "Calico's IP-in-IP", reason: "Calico IP-in-IP between nodes" },
      bgp,
      typha,
      ...health,
    ],
    kernelModules: ["ipip"],
    interfaces: { pods: ["cali*"], overlay: ["tunl0"] },
  },
  bgp: {
    ...calico,
    ...ROUTED,
    overhead: 0,
    ports: [bgp, typha, ...health],
    kernelModules: [],
    interfaces: { pods: ["cali*"], overlay: [] },
  },
};
