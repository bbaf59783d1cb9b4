import type { CniSettings, KubeProxyMode } from "../settings/resolved";

/** Every way of connecting pods that this library knows the facts of, whether it can build it yet or not. */
export type CniVariant =
  | "flannel/vxlan"
  | "flannel/host-gw"
  | "flannel/wireguard"
  | "weave"
  | "calico/vxlan"
  | "calico/vxlan-cross-subnet"
  | "calico/ipip"
  | "calico/bgp";

export interface CniPort {
  readonly protocol: "tcp" | "udp" | "ipip";
  /** Absent where the protocol has no ports. */
  readonly port?: number;
  readonly reason: string;
}

export interface CniFacts {
  /** False: the facts are known, the manifests come in a later version, and the settings refuse it. */
  readonly built: boolean;
  /** Bytes that encapsulation takes from the MTU of the nodes' network. */
  readonly overhead: number;
  /** What nodes must accept from one another. The port of flannel's backends can be set. */
  readonly ports: readonly CniPort[];
  /** Packets leave a node with pod addresses: firewalls between nodes must pass every protocol. */
  readonly podAddressesOnWire: boolean;
  /** The cloud's source/destination check must be off. */
  readonly sourceDestinationCheckOff: boolean;
  /** All nodes must be on one layer 2 network. */
  readonly needsOneSegment: boolean;
  /** Enforces NetworkPolicy by itself. */
  readonly networkPolicy: boolean;
  readonly windows: boolean;
  readonly kubeProxyModes: readonly KubeProxyMode[];
  /** Prefix length of a node's slice of the pod range when the settings give none. */
  readonly defaultNodeMask: number;
  /** Namespaces its pods live in; they need host privileges and are exempt from pod security. */
  readonly namespaces: readonly string[];
}

const BOTH: readonly KubeProxyMode[] = ["nftables", "iptables"];

/** kube-controller-manager's default `--node-cidr-mask-size-ipv4` (Kubernetes command line reference). */
const KUBERNETES_NODE_MASK = 24;

export const CNI_FACTS: Record<CniVariant, CniFacts> = {
  // flannel Documentation/backends.md: UDP 8472 on Linux; overhead: outer Ethernet 14 + IPv4 20 + UDP 8 + VXLAN 8
  // (pkg/backend/vxlan/device.go, encapOverhead = 50).
  "flannel/vxlan": {
    built: true,
    overhead: 50,
    ports: [{ protocol: "udp", port: 8472, reason: "flannel VXLAN between nodes" }],
    podAddressesOnWire: false,
    sourceDestinationCheckOff: false,
    needsOneSegment: false,
    networkPolicy: false,
    windows: true,
    kubeProxyModes: BOTH,
    defaultNodeMask: KUBERNETES_NODE_MASK,
    namespaces: ["kube-flannel"],
  },
  // flannel Documentation/backends.md: IP routes to subnets via remote machine addresses; needs layer 2 between hosts.
  "flannel/host-gw": {
    built: true,
    overhead: 0,
    ports: [],
    podAddressesOnWire: true,
    sourceDestinationCheckOff: true,
    needsOneSegment: true,
    networkPolicy: false,
    windows: true,
    kubeProxyModes: BOTH,
    defaultNodeMask: KUBERNETES_NODE_MASK,
    namespaces: ["kube-flannel"],
  },
  // flannel Documentation/backends.md: ListenPort 51820; overhead: pkg/backend/wireguard/device.go, overhead = 80.
  "flannel/wireguard": {
    built: false,
    overhead: 80,
    ports: [{ protocol: "udp", port: 51820, reason: "flannel WireGuard between nodes" }],
    podAddressesOnWire: false,
    sourceDestinationCheckOff: false,
    needsOneSegment: false,
    networkPolicy: false,
    windows: false,
    kubeProxyModes: BOTH,
    defaultNodeMask: KUBERNETES_NODE_MASK,
    namespaces: ["kube-flannel"],
  },
  // rajch/weave website/faq.md (ports), docs/benchmarks.md (WEAVE_MTU 8916 on 9000), kube-addon.md (iptables rules).
  weave: {
    built: false,
    overhead: 84,
    ports: [
      { protocol: "tcp", port: 6783, reason: "Weave Net control" },
      { protocol: "udp", port: 6783, reason: "Weave Net data, sleeve" },
      { protocol: "udp", port: 6784, reason: "Weave Net data, fast datapath" },
    ],
    podAddressesOnWire: false,
    sourceDestinationCheckOff: false,
    needsOneSegment: false,
    networkPolicy: true,
    windows: false,
    kubeProxyModes: ["iptables"],
    defaultNodeMask: KUBERNETES_NODE_MASK,
    namespaces: ["kube-system"],
  },
  // Calico documentation, "System requirements" (network requirements) and "Configure MTU" (VXLAN 50, IP-in-IP 20).
  "calico/vxlan": {
    built: false,
    overhead: 50,
    ports: [
      { protocol: "udp", port: 4789, reason: "Calico VXLAN between nodes" },
      { protocol: "tcp", port: 5473, reason: "Calico Typha" },
    ],
    podAddressesOnWire: false,
    sourceDestinationCheckOff: false,
    needsOneSegment: false,
    networkPolicy: true,
    windows: true,
    kubeProxyModes: BOTH,
    defaultNodeMask: KUBERNETES_NODE_MASK,
    namespaces: ["calico-system", "tigera-operator"],
  },
  // As above; inside one subnet packets are not encapsulated, so pod addresses show there.
  "calico/vxlan-cross-subnet": {
    built: false,
    overhead: 50,
    ports: [
      { protocol: "udp", port: 4789, reason: "Calico VXLAN between subnets" },
      { protocol: "tcp", port: 5473, reason: "Calico Typha" },
    ],
    podAddressesOnWire: true,
    sourceDestinationCheckOff: true,
    needsOneSegment: false,
    networkPolicy: true,
    windows: true,
    kubeProxyModes: BOTH,
    defaultNodeMask: KUBERNETES_NODE_MASK,
    namespaces: ["calico-system", "tigera-operator"],
  },
  // As above; routes are exchanged over BGP.
  "calico/ipip": {
    built: false,
    overhead: 20,
    ports: [
      { protocol: "ipip", reason: "Calico IP-in-IP between nodes" },
      { protocol: "tcp", port: 179, reason: "Calico BGP" },
      { protocol: "tcp", port: 5473, reason: "Calico Typha" },
    ],
    podAddressesOnWire: false,
    sourceDestinationCheckOff: false,
    needsOneSegment: false,
    networkPolicy: true,
    windows: false,
    kubeProxyModes: BOTH,
    defaultNodeMask: KUBERNETES_NODE_MASK,
    namespaces: ["calico-system", "tigera-operator"],
  },
  "calico/bgp": {
    built: false,
    overhead: 0,
    ports: [
      { protocol: "tcp", port: 179, reason: "Calico BGP" },
      { protocol: "tcp", port: 5473, reason: "Calico Typha" },
    ],
    podAddressesOnWire: true,
    sourceDestinationCheckOff: true,
    needsOneSegment: false,
    networkPolicy: true,
    windows: true,
    kubeProxyModes: BOTH,
    defaultNodeMask: KUBERNETES_NODE_MASK,
    namespaces: ["calico-system", "tigera-operator"],
  },
};

export function cniVariant(cni: Pick<CniSettings, "kind" | "backend">): CniVariant {
  return `${cni.kind}/${cni.backend}`;
}

export function cniFacts(cni: Pick<CniSettings, "kind" | "backend">): CniFacts {
  return CNI_FACTS[cniVariant(cni)];
}
