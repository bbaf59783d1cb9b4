import { defined } from "../../core/defined";
import type { Platform } from "../domain";

/** Addresses that MetalLB gives to Services of type LoadBalancer. */
export interface AddressPoolInput {
  /** IPv4 ranges, `10.40.0.240-10.40.0.250` or `10.40.1.0/28`; at least one. */
  addresses: string[];
  /**
   * Give addresses to Services that do not name the pool.
   *
   * @defaultValue true
   */
  autoAssign?: boolean;
  /**
   * Leave out addresses that end in 0 or 255.
   *
   * @defaultValue false
   */
  avoidBuggyAddresses?: boolean;
  /**
   * Namespaces whose Services may have an address.
   *
   * @defaultValue all
   */
  namespaces?: string[];
}

/** A router that MetalLB announces addresses to. */
export interface BgpPeerInput {
  /** DNS label, unique among the peers. */
  name: string;
  /** IPv4 address of the router. */
  address: string;
  /**
   * TCP port.
   *
   * @defaultValue 179 (RFC 4271)
   */
  port?: number;
  /** The router's AS number, 1 to 4294967294. */
  peerASN: number;
  /** The nodes' AS number, 1 to 4294967294. */
  myASN: number;
  /**
   * Name of the secret with the session's password (TCP MD5, RFC 2385).
   *
   * @defaultValue no password
   */
  password?: string;
  /**
   * Labels of the nodes that peer with this router.
   *
   * @defaultValue all nodes
   */
  nodes?: Record<string, string>;
  /**
   * The router is more than one hop away.
   *
   * @defaultValue false
   */
  multiHop?: boolean;
  /**
   * Hold time in seconds, 3 to 65535.
   *
   * @defaultValue MetalLB's 90
   */
  holdTime?: number;
}

/** MetalLB: `metallb` in the settings, and the arguments of the component `MetalLb`. */
export interface MetallbInput {
  /** Address pools by name; at least one. */
  pools: Record<string, AddressPoolInput>;
  /**
   * Answer ARP requests for addresses.
   *
   * @defaultValue for all pools, unless `bgp` is given
   */
  l2?: {
    /**
     * Names of pools.
     *
     * @defaultValue all
     */
    pools?: string[];
    /**
     * Network interfaces to answer on.
     *
     * @defaultValue all
     */
    interfaces?: string[];
    /**
     * Labels of the nodes that answer.
     *
     * @defaultValue all nodes
     */
    nodes?: Record<string, string>;
  };
  /**
   * Announce addresses to routers by BGP.
   *
   * @defaultValue off
   */
  bgp?: {
    /**
     * What speaks BGP: FRR in its own pods, or MetalLB itself.
     *
     * @defaultValue `frr-k8s`
     */
    backend?: "frr-k8s" | "native";
    /** Routers; at least one. */
    peers: BgpPeerInput[];
    /**
     * Names of pools.
     *
     * @defaultValue all
     */
    pools?: string[];
    /**
     * Prefix length of announcements, 1 to 32.
     *
     * @defaultValue 32: each address
     */
    aggregationLength?: number;
    /**
     * LOCAL_PREF within the AS, 0 to 4294967295.
     *
     * @defaultValue not sent
     */
    localPreference?: number;
    /**
     * BGP communities, `64512:100` or `large:64512:1:2`.
     *
     * @defaultValue none
     */
    communities?: string[];
  };
  /** On AWS only, and `true` only: install it although addresses answer within the cluster alone. */
  onAws?: boolean;
}

/** Addresses that MetalLB gives to Services of type LoadBalancer. */
export interface AddressPool {
  /** Ranges as MetalLB takes them: `first-last` or CIDR. */
  readonly addresses: readonly string[];
  /** Given out without being asked for by name. */
  readonly autoAssign: boolean;
  /** Leaves out addresses that end in 0 and 255. */
  readonly avoidBuggyAddresses: boolean;
  /** Whose Services may have one; empty: all. */
  readonly namespaces: readonly string[];
}

/** A router that addresses are announced to. */
export interface BgpPeer {
  /** DNS label, once among the peers. */
  readonly name: string;
  /** IPv4 address. */
  readonly address: string;
  /** TCP port; default 179. */
  readonly port: number;
  /** The router's AS, 1 to 4294967294. */
  readonly peerASN: number;
  /** The nodes' AS, 1 to 4294967294. */
  readonly myASN: number;
  /** Name in `kubeadm:secrets`. */
  readonly password?: string;
  /** Labels of the nodes that speak with it; empty: all. */
  readonly nodes: Readonly<Record<string, string>>;
  /** It is more than one hop away, and of another AS; default false. */
  readonly multiHop: boolean;
  /** Seconds; undefined: MetalLB's 90. */
  readonly holdTime?: number;
}

/** Without `l2` and `bgp` in the input, `l2` answers for all pools. */
export interface MetallbSettings {
  /** By their name. */
  readonly pools: Readonly<Record<string, AddressPool>>;
  /** Answers ARP for addresses of these pools. */
  readonly l2?: {
    /** Names of pools. */
    readonly pools: readonly string[];
    /** Empty: all. */
    readonly interfaces: readonly string[];
    /** Labels of the nodes that answer; empty: all. */
    readonly nodes: Readonly<Record<string, string>>;
  };
  /** Announces addresses of these pools to routers. */
  readonly bgp?: {
    /** Who speaks BGP: FRR in pods of its own (default), or MetalLB itself. */
    readonly backend: "frr-k8s" | "native";
    /** At least one. */
    readonly peers: readonly BgpPeer[];
    /** Names of pools. */
    readonly pools: readonly string[];
    /** Prefix length that addresses are announced in, 1 to 32; undefined: 32, each by itself. */
    readonly aggregationLength?: number;
    /** Of announcements within the AS; undefined: none is said. */
    readonly localPreference?: number;
    /** As `64512:100` or `large:64512:1:2`, which `native` does not send. */
    readonly communities: readonly string[];
  };
  /** Services that MetalLB serves name this class; undefined: it serves those that name none. */
  readonly loadBalancerClass?: string;
}

/** The BGP port (RFC 4271). */
export const BGP_PORT = 179;

/** MetalLB's own name for Services that ask for it, beside a cloud's controller that serves all others. */
const METALLB_CLASS = "metallb.io/metallb";

/** MetalLB with defaults filled in. */
export function resolveMetallb(given: MetallbInput, platform: Platform = "machines"): MetallbSettings {
  const names = Object.keys(given.pools);
  const { bgp } = given;
  const l2 = given.l2 ?? (bgp === undefined ? {} : undefined);
  return {
    pools: Object.fromEntries(
      Object.entries(given.pools).map(([name, pool]) => [
        name,
        {
          addresses: pool.addresses.map((range) => range.replaceAll(" ", "")),
          autoAssign: pool.autoAssign ?? true,
          avoidBuggyAddresses: pool.avoidBuggyAddresses ?? false,
          namespaces: pool.namespaces ?? [],
        },
      ]),
    ),
    ...(l2 && { l2: { pools: l2.pools ?? names, interfaces: l2.interfaces ?? [], nodes: l2.nodes ?? {} } }),
    ...(bgp && {
      bgp: {
        backend: bgp.backend ?? "frr-k8s",
        peers: bgp.peers.map((peer) => ({
          ...peer,
          port: peer.port ?? BGP_PORT,
          nodes: peer.nodes ?? {},
          multiHop: peer.multiHop ?? false,
        })),
        pools: bgp.pools ?? names,
        ...defined({ aggregationLength: bgp.aggregationLength, localPreference: bgp.localPreference }),
        communities: bgp.communities ?? [],
      },
    }),
    ...(platform === "aws" ? { loadBalancerClass: METALLB_CLASS } : {}),
  };
}
