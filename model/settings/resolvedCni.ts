import type { PodResources } from "./resolvedShared";

export interface FlannelSettings {
  readonly kind: "flannel";
  /** How packets go between nodes; default `vxlan`. */
  readonly backend: "vxlan" | "host-gw" | "wireguard";
  /** MTU of the pod network in bytes; undefined: flannel computes it from the node's interface. */
  readonly mtu?: number;
  /** VXLAN network identifier; undefined: flannel's default 1 (flannel Documentation/backends.md). With `windows` 4096. */
  readonly vni?: number;
  /** UDP port of VXLAN, default 8472 and with `windows` 4789, or of WireGuard, default 51820. */
  readonly port?: number;
  /** Windows nodes are or will be in the cluster: they know one VXLAN port and identifiers from 4096 only. */
  readonly windows: boolean;
  /** Who enforces NetworkPolicy: flannel itself does not. */
  readonly networkPolicy: "kube-network-policies" | "none";
  /** Of flannel's pod on each node; default: requests of 100m CPU and 50Mi memory. */
  readonly resources: PodResources;
}

export interface WeaveSettings {
  readonly kind: "weave";
  /** Nothing to choose: Weave takes its fast datapath, and by itself its slow one (sleeve) where that does not get through. */
  readonly backend: "fastdp";
  /** MTU of the pod network in bytes, a multiple of 4; undefined: Weave's default of 1376. */
  readonly mtu?: number;
  /** Traffic between nodes is encrypted. */
  readonly encryption?: {
    /** Name in `kubeadm:secrets` of the password that all nodes share. */
    readonly password: string;
    /** Between nodes in these ranges nothing is encrypted. */
    readonly trustedSubnets: readonly string[];
  };
  /** Weave's own NetworkPolicy controller runs beside it. */
  readonly networkPolicy: boolean;
  /** Of Weave's pod on each node, router and policy controller each; default: requests of 50m CPU. */
  readonly resources: PodResources;
}

/** A router outside the cluster that nodes exchange routes with. */
export interface CalicoPeer {
  /** DNS label, once among the peers. */
  readonly name: string;
  /** IPv4 address, no node's. */
  readonly address: string;
  /** TCP port; default 179. */
  readonly port: number;
  /** The router's AS, 1 to 2147483647. */
  readonly asNumber: number;
  /** Labels of the nodes that peer with it; empty: all nodes. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Name in `kubeadm:secrets` of the session's password (TCP MD5, RFC 2385). */
  readonly password?: string;
}

/** Who exchanges routes with whom. */
export interface CalicoBgp {
  /** Of every node, 1 to 2147483647, the most that Calico's CRDs hold; default 64512. */
  readonly asNumber: number;
  /** Every node peers with every other. */
  readonly nodeToNodeMesh: boolean;
  /** The service range is told to peers, so that what is outside the cluster reaches Services by their address. */
  readonly advertiseServices: boolean;
  /** Nodes that hand routes on to all others, in the mesh's place. */
  readonly routeReflectors?: {
    /** Labels of the reflectors. */
    readonly nodeSelector: Readonly<Record<string, string>>;
    /** Written like an IPv4 address (RFC 4456); reflectors of one cluster share it. */
    readonly clusterId: string;
    /** The machines with these labels, by their Nodes' names. */
    readonly nodes: readonly {
      /** Name in the settings. */
      readonly machine: string;
      /** Its Node's name. */
      readonly node: string;
      /** Of the machine: a new one is told its part anew. */
      readonly generation: number;
    }[];
  };
  /** Routers outside the cluster; empty: none. */
  readonly peers: readonly CalicoPeer[];
}

export interface CalicoSettings {
  readonly kind: "calico";
  /** How packets go between nodes; `ipip` and `bgp` exchange routes by BGP. Default `vxlan`. */
  readonly backend: "vxlan" | "vxlan-cross-subnet" | "ipip" | "bgp";
  /** MTU of the pod network in bytes; undefined: Calico computes it from the node's interface. */
  readonly mtu?: number;
  /** Prefix length of the blocks that nodes take addresses in, 20 to 32; default 26: 64 addresses. Fixed once made. */
  readonly blockSize: number;
  /** What pods send out of the pod range leaves with the node's address. */
  readonly natOutgoing: boolean;
  /** Of calico-kube-controllers and the Calico API server; default 2, and 1 with one node. */
  readonly controlPlaneReplicas: number;
  /** Calico's API server, by which kubectl knows `projectcalico.org/v3`; default true. */
  readonly apiServer: boolean;
  /** Set where routes go by BGP: backends `ipip` and `bgp`. */
  readonly bgp?: CalicoBgp;
}

/** A further kind is one member here, its rows in the CNI table and one file. */
export type CniSettings = FlannelSettings | WeaveSettings | CalicoSettings;
