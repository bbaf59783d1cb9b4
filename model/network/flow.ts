/** Protocols that people may open by `firewall.allow`, with their numbers (IANA, "Protocol Numbers"). */
export const PROTOCOL_NUMBERS = {
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  ospf: 89,
  vrrp: 112,
  sctp: 132,
} as const;

/** `any` is every protocol there is; only backends that put pod addresses on the wire have such a flow. */
export type Protocol = keyof typeof PROTOCOL_NUMBERS | "any";

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Who may send: `node` is every control-plane node and worker, `operator` whoever opens SSH (people and the Pulumi
 * program), `apiClient` and `serviceClient` whoever calls the API or a NodePort from outside, `any` whoever else
 * answers on the way, `listed` the ranges of the flow itself.
 */
export type Source =
  | "node"
  | "controlPlane"
  | "loadBalancer"
  | "pod"
  | "operator"
  | "apiClient"
  | "serviceClient"
  | "any"
  | "listed";

/** Who receives: `machine` is every host of the cluster, balancers included. */
export type Target = "machine" | "node" | "controlPlane" | "loadBalancer";

/** Who must reach whom, on which protocol and ports, and why. */
export interface Flow {
  readonly from: Source;
  readonly to: Target;
  readonly protocol: Protocol;
  /** Inclusive; empty where the protocol has no ports. */
  readonly ports: readonly PortRange[];
  /** The one ICMP message that passes, by its name in nftables' `icmp type`, with its code. */
  readonly icmp?:
    | { readonly type: "destination-unreachable"; readonly code: "frag-needed" }
    | { readonly type: "echo-request"; readonly code?: undefined };
  /** Ends at pods without tolerations, so never at a node whose taints keep those away. */
  readonly ordinaryPods?: true;
  /** Where a flow is `listed`: who may send, IPv4 and IPv6. */
  readonly ranges?: readonly string[];
  readonly reason: string;
}
