import type { CniSettings, KubeProxyMode } from "../settings/resolved";

/** Every way of connecting pods: a CNI and what of it may be chosen. */
export type CniVariant = {
  [K in CniSettings["kind"]]: `${K}/${Extract<CniSettings, { kind: K }>["backend"]}`;
}[CniSettings["kind"]];

export interface CniPort {
  readonly protocol: "tcp" | "udp" | "ipip" | "esp";
  /** Absent where the protocol has no ports. */
  readonly port?: number;
  /** As a sentence names what listens there: "VXLAN". */
  readonly name: string;
  readonly reason: string;
}

export type CniKernelModule = "vxlan" | "wireguard" | "ipip";

export interface CniFacts {
  /** Bytes that encapsulation takes from the MTU of the nodes' network. */
  readonly overhead: number;
  /** What nodes must accept from one another. */
  readonly ports: readonly CniPort[];
  /** Packets leave a node with pod addresses: firewalls between nodes must pass every protocol. */
  readonly podAddressesOnWire: boolean;
  /** The cloud's source/destination check must be off. */
  readonly sourceDestinationCheckOff: boolean;
  /** All nodes must be on one layer 2 network. */
  readonly needsOneSegment: boolean;
  /** Enforces NetworkPolicy. */
  readonly networkPolicy: boolean;
  /** Windows nodes can join, with what this library renders for them. */
  readonly windows: boolean;
  readonly kubeProxyModes: readonly KubeProxyMode[];
  /** Pods have addresses of the slice that kube-controller-manager gave their node; false: it allocates by itself. */
  readonly slices: boolean;
  /** Namespaces its pods live in; they need host privileges and are exempt from pod security. */
  readonly namespaces: readonly string[];
  readonly kernelModules: readonly CniKernelModule[];
  /**
   * Interfaces as nftables names them: those of the node's own pods, and those over which the pods of other nodes and the
   * nodes themselves come with addresses of the pod range.
   */
  readonly interfaces: { readonly pods: readonly string[]; readonly overlay: readonly string[] };
}

const ENCAPSULATED = {
  podAddressesOnWire: false,
  sourceDestinationCheckOff: false,
  needsOneSegment: false,
} as const;

const ROUTED = { podAddressesOnWire: true, sourceDestinationCheckOff: true } as const;

// flannel README, "Networking details": no NetworkPolicy. kube-proxy: net-conf.json's EnableNFTables (Documentation/
// configuration.md). Slices: `--kube-subnet-mgr` takes the Node's podCIDR (Documentation/kubernetes.md).
const flannel = {
  networkPolicy: false,
  kubeProxyModes: ["nftables", "iptables"],
  slices: true,
  namespaces: ["kube-flannel"],
  interfaces: { pods: ["cni0"], overlay: ["flannel*"] },
} as const;

// Calico documentation, "System requirements", network requirements: Typha TCP 5473, BGP TCP 179, VXLAN UDP 4789, IP-in-IP
// protocol 4. kube-proxy: "Calico nftables data plane", the dataplane has to be kube-proxy's. Interfaces: FelixConfiguration
// reference, interfacePrefix and the tunnels' names. Calico's own Windows dataplane (HNS) is nothing this library renders.
const typha: CniPort = { protocol: "tcp", port: 5473, name: "Calico's Typha", reason: "Calico Typha" };
const calicoBgp: CniPort = { protocol: "tcp", port: 179, name: "Calico's BGP", reason: "Calico BGP" };
const calico = {
  networkPolicy: true,
  windows: false,
  kubeProxyModes: ["nftables", "iptables"],
  slices: false,
  namespaces: ["calico-system", "calico-apiserver", "tigera-operator"],
  needsOneSegment: false,
} as const;

export const CNI_FACTS: Record<CniVariant, CniFacts> = {
  // flannel Documentation/backends.md: UDP 8472 on Linux; overhead: outer Ethernet 14 + IPv4 20 + UDP 8 + VXLAN 8
  // (pkg/backend/vxlan/device.go, encapOverhead = 50).
  "flannel/vxlan": {
    ...flannel,
    ...ENCAPSULATED,
    overhead: 50,
    ports: [{ protocol: "udp", port: 8472, name: "VXLAN", reason: "flannel VXLAN between nodes" }],
    windows: true,
    kernelModules: ["vxlan"],
  },
  // flannel Documentation/backends.md: IP routes to subnets via remote machine addresses; needs layer 2 between hosts.
  // Windows nodes would need l2bridge networks, which the Windows pool does not make.
  "flannel/host-gw": {
    ...flannel,
    ...ROUTED,
    overhead: 0,
    ports: [],
    needsOneSegment: true,
    windows: false,
    kernelModules: [],
  },
  // flannel Documentation/backends.md: ListenPort 51820; overhead: pkg/backend/wireguard/device.go, overhead = 80. Windows:
  // pkg/backend/wireguard/wireguard_windows.go refuses.
  "flannel/wireguard": {
    ...flannel,
    ...ENCAPSULATED,
    overhead: 80,
    ports: [{ protocol: "udp", port: 51820, name: "WireGuard", reason: "flannel WireGuard between nodes" }],
    windows: false,
    kernelModules: ["wireguard"],
  },
  // rajch/weave website/faq.md (ports), website/tasks/manage/fastdp.md (84 to 87 bytes, MTU divisible by 4; ESP when
  // encrypted), website/kubernetes/kube-addon.md (iptables), net/bridge.go (interface names).
  "weave/fastdp": {
    ...ENCAPSULATED,
    overhead: 84,
    ports: [
      { protocol: "tcp", port: 6783, name: "Weave's control", reason: "Weave Net control" },
      { protocol: "udp", port: 6783, name: "Weave's sleeve", reason: "Weave Net data, sleeve" },
      { protocol: "udp", port: 6784, name: "Weave's fast datapath", reason: "Weave Net data, fast datapath" },
    ],
    networkPolicy: true,
    windows: false,
    kubeProxyModes: ["iptables"],
    slices: false,
    namespaces: ["kube-system"],
    // Open vSwitch's datapath is loaded by the kernel when Weave asks for it; without it Weave takes sleeve.
    kernelModules: [],
    interfaces: { pods: ["weave"], overlay: [] },
  },
  // Calico documentation, "Configure MTU": VXLAN 50.
  "calico/vxlan": {
    ...calico,
    ...ENCAPSULATED,
    overhead: 50,
    ports: [vxlan("Calico VXLAN between nodes"), typha],
    kernelModules: ["vxlan"],
    interfaces: { pods: ["cali*"], overlay: ["vxlan.calico"] },
  },
  // As above; inside one subnet packets are not encapsulated, so pod addresses show there.
  "calico/vxlan-cross-subnet": {
    ...calico,
    ...ROUTED,
    overhead: 50,
    ports: [vxlan("Calico VXLAN between subnets"), typha],
    kernelModules: ["vxlan"],
    interfaces: { pods: ["cali*"], overlay: ["vxlan.calico"] },
  },
  // "Configure MTU": IP-in-IP 20; routes are exchanged over BGP.
  "calico/ipip": {
    ...calico,
    ...ENCAPSULATED,
    overhead: 20,
    ports: [
      { protocol: "ipip", name: "Calico's IP-in-IP", reason: "Calico IP-in-IP between nodes" },
      calicoBgp,
      typha,
    ],
    kernelModules: ["ipip"],
    interfaces: { pods: ["cali*"], overlay: ["tunl0"] },
  },
  "calico/bgp": {
    ...calico,
    ...ROUTED,
    overhead: 0,
    ports: [calicoBgp, typha],
    kernelModules: [],
    interfaces: { pods: ["cali*"], overlay: [] },
  },
};

function vxlan(reason: string): CniPort {
  return { protocol: "udp", port: 4789, name: "Calico's VXLAN", reason };
}

export const CNI_VARIANTS = Object.keys(CNI_FACTS) as readonly CniVariant[];

/** Undefined for a backend that is another kind's. */
export function variantOf(kind: string, backend: string): CniVariant | undefined {
  return CNI_VARIANTS.find((variant) => variant === `${kind}/${backend}`);
}

export function cniVariant(cni: Pick<CniSettings, "kind" | "backend">): CniVariant {
  const variant = variantOf(cni.kind, cni.backend);
  if (variant === undefined) throw new RangeError(`${cni.kind} has no backend ${cni.backend}`);
  return variant;
}

/** The table's row with what the settings make of it: ports that are set, and who enforces NetworkPolicy. */
export function cniFacts(cni: CniSettings): CniFacts {
  const row = CNI_FACTS[cniVariant(cni)];
  switch (cni.kind) {
    case "flannel":
      return {
        ...row,
        ports: row.ports.map((fact) => ({ ...fact, port: cni.port ?? fact.port })),
        networkPolicy: cni.networkPolicy !== "none",
      };
    case "weave":
      return {
        ...row,
        ports: cni.encryption === undefined ? row.ports : [...row.ports, ESP],
        networkPolicy: cni.networkPolicy,
      };
    case "calico":
      return row;
  }
}

// rajch/weave website/faq.md: the encrypted fast datapath is IPsec; where ESP is stopped, Weave falls back to sleeve.
const ESP: CniPort = {
  protocol: "esp",
  name: "Weave's IPsec",
  reason: "Weave Net data, encrypted fast datapath",
};
