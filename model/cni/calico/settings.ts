import { defined } from "../../core/defined";
import type { CniContext, CniKeys, CniNode } from "../domain";

/** Calico as it is written under `cni`. */
export interface CalicoInput {
  /** Which CNI. */
  kind: "calico";
  /** How packets go between nodes; `ipip` and `bgp` exchange routes by BGP. Default `vxlan`. Fixed once the cluster is made. */
  backend?: "vxlan" | "vxlan-cross-subnet" | "ipip" | "bgp";
  /** IPv4 range of pods; default `10.244.0.0/16`. Fixed once the cluster is made. */
  podCidr?: string;
  /** MTU of the pod network in bytes, 1200 or more; default: what the nodes' interface leaves after encapsulation. */
  mtu?: number;
  /** Prefix length of the blocks that nodes take addresses in, 20 to 32; default 26: 64 addresses. Fixed once made. */
  blockSize?: number;
  /** What pods send out of the pod range leaves with the node's address; default true. */
  natOutgoing?: boolean;
  /** Of calico-kube-controllers and the Calico API server, 1 to 10; default 2, and 1 with one node. */
  controlPlaneReplicas?: number;
  /** Calico's API server, by which kubectl knows `projectcalico.org/v3`; default true. */
  apiServer?: boolean;
  /** AS number of every node, 1 to 2147483647; default 64512. This and all below only with backend `ipip` or `bgp`. */
  asNumber?: number;
  /** Every node peers with every other; default true, and false with `routeReflectors`. */
  nodeToNodeMesh?: boolean;
  /** Announces the service range to peers; default false. */
  advertiseServices?: boolean;
  /** Nodes that hand routes on to all others, in the mesh's place; default none. */
  routeReflectors?: {
    /** Labels of the reflectors, at least one. */
    nodeSelector: Record<string, string>;
    /** Written like an IPv4 address (RFC 4456); default `244.0.0.1`. */
    clusterId?: string;
  };
  /** Routers outside the cluster; default none. */
  peers?: CalicoPeerInput[];
}

/** A router outside the cluster that nodes exchange routes with. */
export interface CalicoPeerInput {
  /** DNS label, once among the peers. */
  name: string;
  /** IPv4 address, no node's. */
  address: string;
  /** TCP port; default 179. */
  port?: number;
  /** The router's AS, 1 to 2147483647. */
  asNumber: number;
  /** Short for `nodeSelector: {rack: NAME}`. */
  rack?: string;
  /** Labels of the nodes that peer with it; default: all nodes. */
  nodeSelector?: Record<string, string>;
  /** Name of an entry in `kubeadm:secrets`: the session's password (TCP MD5), 8 to 80 characters. */
  password?: string;
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
      readonly revision: number;
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

/** Calico's own: IPPool blockSize, BGPConfiguration asNumber and listenPort, and the cluster id of its examples. */
export const CALICO_DEFAULTS = { blockSize: 26, asNumber: 64512, port: 179, clusterId: "244.0.0.1" } as const;

/** Backends whose routes go by BGP. */
export const BGP_BACKENDS: readonly string[] = ["ipip", "bgp"] satisfies CalicoSettings["backend"][];

/** Defaults filled in. */
export function resolveCalico(input: CniKeys<CalicoInput>, { nodes, pooled }: CniContext): CalicoSettings {
  const backend = input.backend ?? "vxlan";
  return {
    kind: "calico",
    backend,
    ...defined({ mtu: input.mtu }),
    blockSize: input.blockSize ?? CALICO_DEFAULTS.blockSize,
    natOutgoing: input.natOutgoing ?? true,
    controlPlaneReplicas: input.controlPlaneReplicas ?? (nodes.length > 1 || pooled ? 2 : 1),
    apiServer: input.apiServer ?? true,
    ...(BGP_BACKENDS.includes(backend) ? { bgp: resolveBgp(input, nodes) } : {}),
  };
}

function resolveBgp(
  { routeReflectors: reflectors, peers = [], ...input }: CniKeys<CalicoInput>,
  nodes: readonly CniNode[],
): CalicoBgp {
  return {
    asNumber: input.asNumber ?? CALICO_DEFAULTS.asNumber,
    nodeToNodeMesh: input.nodeToNodeMesh ?? reflectors === undefined,
    advertiseServices: input.advertiseServices ?? false,
    ...defined({
      routeReflectors: reflectors && {
        nodeSelector: reflectors.nodeSelector,
        clusterId: reflectors.clusterId ?? CALICO_DEFAULTS.clusterId,
        nodes: nodes
          .filter(({ labels }) => selects(reflectors.nodeSelector, labels))
          .map(({ name, nodeName, revision }) => ({ machine: name, node: nodeName, revision })),
      },
    }),
    peers: peers.map(({ rack, ...peer }) => ({
      ...peer,
      port: peer.port ?? CALICO_DEFAULTS.port,
      nodeSelector: peer.nodeSelector ?? (rack === undefined ? {} : { rack }),
    })),
  };
}

/** The labels are all there. */
export function selects(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string | undefined>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
