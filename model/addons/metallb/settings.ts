import { defined } from "../../core/defined";
import type { Platform } from "../domain";

/** Addresses that MetalLB gives to Services of type LoadBalancer. */
export interface AddressPoolInput {
  /**
   * IPv4 ranges, such as `10.40.0.240-10.40.0.250` or `10.40.1.0/28`; at least one. Nodes, pods, Services, the
   * endpoint and other pools must not use them.
   */
  addresses: readonly string[];
  /**
   * Gives addresses to Services that name no pool.
   *
   * @defaultValue true
   */
  autoAssign?: boolean;
  /**
   * Skips addresses that end in 0 or 255.
   *
   * @defaultValue false
   */
  avoidBuggyAddresses?: boolean;
  /**
   * Namespaces whose Services may use the pool.
   *
   * @defaultValue all
   */
  namespaces?: readonly string[];
}

/** A router that MetalLB announces addresses to. */
export interface BgpPeerInput {
  /** Name of the peer, a DNS label; each name once. */
  name: string;
  /** IPv4 address of the router. */
  address: string;
  /**
   * TCP port of the router.
   *
   * @defaultValue 179 (RFC 4271)
   */
  port?: number;
  /** AS number of the router, 1 to 4294967294. */
  peerASN: number;
  /** AS number of the nodes, 1 to 4294967294. */
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
   * Allows a router that is more than one hop away.
   *
   * @defaultValue false
   */
  multiHop?: boolean;
  /**
   * Hold time of the session, in seconds, 3 to 65535.
   *
   * @defaultValue MetalLB's 90
   */
  holdTime?: number;
}

/** MetalLB: `metallb` in the settings, and arguments of the component `MetalLb`. */
export interface MetallbInput {
  /** Address pools by name; at least one. */
  pools: Record<string, AddressPoolInput>;
  /**
   * Answers ARP requests for the addresses.
   *
   * @defaultValue for all pools, unless `bgp` is set
   */
  l2?: {
    /**
     * Names of the pools to announce by ARP.
     *
     * @defaultValue all
     */
    pools?: readonly string[];
    /**
     * Network interfaces that answer.
     *
     * @defaultValue all
     */
    interfaces?: readonly string[];
    /**
     * Labels of the nodes that answer.
     *
     * @defaultValue all nodes
     */
    nodes?: Record<string, string>;
  };
  /**
   * Announces addresses to routers over BGP.
   *
   * @defaultValue off
   */
  bgp?: {
    /**
     * What speaks BGP: `frr-k8s` is FRR in its own pods, `native` is MetalLB itself.
     *
     * @defaultValue `frr-k8s`
     */
    backend?: "frr-k8s" | "native";
    /** Routers to announce addresses to; at least one. */
    peers: readonly BgpPeerInput[];
    /**
     * Names of the pools to announce by BGP.
     *
     * @defaultValue all
     */
    pools?: readonly string[];
    /**
     * Prefix length of announcements, 1 to 32.
     *
     * @defaultValue 32: each address
     */
    aggregationLength?: number;
    /**
     * LOCAL_PREF of announcements within the AS, 0 to 4294967295.
     *
     * @defaultValue not sent
     */
    localPreference?: number;
    /**
     * BGP communities of announcements, such as `64512:100` or `large:64512:1:2`.
     *
     * @defaultValue none
     */
    communities?: readonly string[];
  };
  /** AWS only, and only `true`: installs MetalLB although its addresses answer only within the cluster. */
  onAws?: boolean;
}

/** Addresses that MetalLB gives to Services of type LoadBalancer. */
export interface AddressPool {
  /** Ranges as `first-last` or in CIDR notation. */
  readonly addresses: readonly string[];
  /** Gives addresses to Services that name no pool. */
  readonly autoAssign: boolean;
  /** Skips addresses that end in 0 or 255. */
  readonly avoidBuggyAddresses: boolean;
  /** Namespaces whose Services may use the pool. Empty: all. */
  readonly namespaces: readonly string[];
}

/** A router that MetalLB announces addresses to. */
export interface BgpPeer {
  /** Name of the peer, a DNS label; each name once. */
  readonly name: string;
  /** IPv4 address of the router. */
  readonly address: string;
  /** TCP port of the router. Default: 179. */
  readonly port: number;
  /** AS number of the router, 1 to 4294967294. */
  readonly peerASN: number;
  /** AS number of the nodes, 1 to 4294967294. */
  readonly myASN: number;
  /** Name in `kubeadm:secrets` of the session's password. */
  readonly password?: string;
  /** Labels of the nodes that peer with it. Empty: all. */
  readonly nodes: Readonly<Record<string, string>>;
  /** The router is more than one hop away, in another AS. Default: false. */
  readonly multiHop: boolean;
  /** Hold time, in seconds. Undefined: MetalLB's 90. */
  readonly holdTime?: number;
}

/** Without `l2` and `bgp` in the input, `l2` announces all pools. */
export interface MetallbSettings {
  /** Address pools by name. */
  readonly pools: Readonly<Record<string, AddressPool>>;
  /** Answers ARP requests for addresses of these pools. */
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
    /** What speaks BGP: FRR in its own pods (default), or MetalLB itself. */
    readonly backend: "frr-k8s" | "native";
    /** At least one. */
    readonly peers: readonly BgpPeer[];
    /** Names of pools. */
    readonly pools: readonly string[];
    /** Prefix length of announcements, 1 to 32. Undefined: 32, each address. */
    readonly aggregationLength?: number;
    /** LOCAL_PREF of announcements within the AS. Undefined: not sent. */
    readonly localPreference?: number;
    /** BGP communities, such as `64512:100`; `native` does not send large ones (`large:64512:1:2`). */
    readonly communities: readonly string[];
  };
  /** MetalLB serves only Services of this class. Undefined: it serves Services without a class. */
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
