import { defined } from "../../core/defined";
import type { CniContext, CniKeys, CniNode } from "../domain";

/** Calico, under `cni`. */
export interface CalicoInput {
  /** `calico`: Calico. */
  kind: "calico";
  /**
   * How packets travel between nodes. `ipip` and `bgp` exchange routes over BGP. Cannot change once the cluster
   * exists.
   *
   * @defaultValue `vxlan`
   */
  backend?: "vxlan" | "vxlan-cross-subnet" | "ipip" | "bgp";
  /**
   * IPv4 range of pods. Cannot change once the cluster exists.
   *
   * @defaultValue `10.244.0.0/16`
   */
  podCidr?: string;
  /**
   * MTU of the pod network, in bytes, 1200 to 65535, and at most `network.mtu` minus the overhead of the backend.
   *
   * @defaultValue what the nodes' interface leaves after encapsulation
   */
  mtu?: number;
  /**
   * Prefix length of the address blocks of nodes, 20 to 32. Cannot change once the cluster exists.
   *
   * @defaultValue `26`: 64 addresses
   */
  blockSize?: number;
  /**
   * Packets that leave the pod range get the node's address.
   *
   * @defaultValue `true`
   */
  natOutgoing?: boolean;
  /**
   * Number of pods of calico-kube-controllers and of Calico's API server, 1 to 10.
   *
   * @defaultValue `2`; with one node `1`
   */
  controlPlaneReplicas?: number;
  /**
   * Installs Calico's API server, so that kubectl knows `projectcalico.org/v3`.
   *
   * @defaultValue `true`
   */
  apiServer?: boolean;
  /**
   * AS number of every node, 1 to 2147483647. This key and the BGP keys below need `backend: ipip` or `bgp`.
   *
   * @defaultValue `64512`
   */
  asNumber?: number;
  /**
   * Every node peers with every other node.
   *
   * @defaultValue `true`; with `routeReflectors` `false`
   */
  nodeToNodeMesh?: boolean;
  /**
   * Announces the Service range to peers.
   *
   * @defaultValue `false`
   */
  advertiseServices?: boolean;
  /**
   * Nodes that reflect routes to all others, in place of the mesh.
   *
   * @defaultValue none
   */
  routeReflectors?: {
    /** Labels of the reflectors; at least one. */
    nodeSelector: Record<string, string>;
    /**
     * Cluster id of the reflectors, four numbers separated by dots (RFC 4456).
     *
     * @defaultValue `244.0.0.1`
     */
    clusterId?: string;
  };
  /**
   * Routers outside the cluster that nodes exchange routes with.
   *
   * @defaultValue none
   */
  peers?: readonly CalicoPeerInput[];
}

/** A router outside the cluster that nodes exchange routes with. */
export interface CalicoPeerInput {
  /** Name of the peer, a DNS label; each name once. */
  name: string;
  /** IPv4 address of the router; not a node's. */
  address: string;
  /**
   * TCP port of the router.
   *
   * @defaultValue `179`
   */
  port?: number;
  /** AS number of the router, 1 to 2147483647. */
  asNumber: number;
  /**
   * Value of the label `rack` of the nodes that peer with it: short for `nodeSelector: { rack: <value> }`.
   *
   * @defaultValue all nodes
   */
  rack?: string;
  /**
   * Labels of the nodes that peer with it.
   *
   * @defaultValue all nodes
   */
  nodeSelector?: Record<string, string>;
  /**
   * Name in `kubeadm:secrets` of the session's password (TCP MD5), 8 to 80 characters.
   *
   * @defaultValue none
   */
  password?: string;
}

/** A router outside the cluster that nodes exchange routes with. */
export interface CalicoPeer {
  /** Name of the peer, a DNS label; each name once. */
  readonly name: string;
  /** IPv4 address of the router; not a node's. */
  readonly address: string;
  /** TCP port of the router. Default: 179. */
  readonly port: number;
  /** AS number of the router, 1 to 2147483647. */
  readonly asNumber: number;
  /** Labels of the nodes that peer with it. Empty: all nodes. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Name in `kubeadm:secrets` of the session's password (TCP MD5, RFC 2385). */
  readonly password?: string;
}

/** How nodes exchange routes. */
export interface CalicoBgp {
  /** AS number of every node, 1 to 2147483647, the maximum of Calico's CRDs. Default: 64512. */
  readonly asNumber: number;
  /** Every node peers with every other node. */
  readonly nodeToNodeMesh: boolean;
  /** Nodes announce the Service range to peers, so that hosts outside the cluster reach Services by their address. */
  readonly advertiseServices: boolean;
  /** Nodes that reflect routes to all others, in place of the mesh. */
  readonly routeReflectors?: {
    /** Labels of the reflectors. */
    readonly nodeSelector: Readonly<Record<string, string>>;
    /**
     * Cluster id of the reflectors, four numbers separated by dots (RFC 4456). All reflectors of a cluster share it.
     */
    readonly clusterId: string;
    /** Machines with these labels. */
    readonly nodes: readonly {
      /** Name in the settings. */
      readonly machine: string;
      /** Name of its Node. */
      readonly node: string;
      /** Revision of the machine. A new machine gets its annotations again. */
      readonly revision: number;
    }[];
  };
  /** Routers outside the cluster; empty: none. */
  readonly peers: readonly CalicoPeer[];
}

export interface CalicoSettings {
  readonly kind: "calico";
  /** How packets travel between nodes. `ipip` and `bgp` exchange routes over BGP. */
  readonly backend: "vxlan" | "vxlan-cross-subnet" | "ipip" | "bgp";
  /** MTU of the pod network, in bytes. Undefined: Calico computes it from the node's interface. */
  readonly mtu?: number;
  /** Prefix length of the address blocks of nodes, 20 to 32. Cannot change once the cluster exists. */
  readonly blockSize: number;
  /** Packets that leave the pod range get the node's address. */
  readonly natOutgoing: boolean;
  /** Number of pods of calico-kube-controllers and of Calico's API server. */
  readonly controlPlaneReplicas: number;
  /** Installs Calico's API server, so that kubectl knows `projectcalico.org/v3`. */
  readonly apiServer: boolean;
  /** Set for backends `ipip` and `bgp`, which exchange routes over BGP. */
  readonly bgp?: CalicoBgp;
}

/** Calico's own: IPPool blockSize, BGPConfiguration asNumber and listenPort, and the cluster id of its examples. */
export const CALICO_DEFAULTS = { blockSize: 26, asNumber: 64512, port: 179, clusterId: "244.0.0.1" } as const;

/** Backends that exchange routes over BGP. */
export const BGP_BACKENDS: readonly string[] = ["ipip", "bgp"] satisfies CalicoSettings["backend"][];

/** Fills in the defaults. */
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
