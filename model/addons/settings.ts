import type { HelmSettings } from "../charts";
import type { PodResources } from "../settings/resolvedShared";

/** CoreDNS' plugin `cache`. */
export interface DnsCacheSettings {
  /** Longest time an answer is kept, in seconds; 0 keeps none. */
  readonly seconds: number;
  /** Answers kept; undefined: CoreDNS' 9984. */
  readonly capacity?: number;
  /** The same of answers that there is no such name. */
  readonly denialSeconds?: number;
  /** undefined: CoreDNS' 9984. */
  readonly denialCapacity?: number;
  /** Answers asked for `amount` times, with gaps of less than `duration` seconds, are fetched again before they end. */
  readonly prefetch?: { readonly amount: number; readonly duration: number; readonly percentage: number };
  /** Seconds an answer that has ended is still given when no resolver answers. */
  readonly serveStale?: number;
}

/** A name that is looked up under another; the answer bears the one that was asked for. */
export interface DnsRewrite {
  /** The whole name, or the end of one. */
  readonly match: "exact" | "suffix";
  /** DNS name that is asked for. */
  readonly from: string;
  /** DNS name that is looked up instead. */
  readonly to: string;
}

/** The cluster's DNS: what its Corefile and Deployment are made from. */
export interface CoreDnsSettings {
  /** Pods, 1 to 100; default 2. */
  readonly replicas: number;
  /** Upstream resolvers; default `/etc/resolv.conf` of the node. */
  readonly upstreamServers: readonly string[];
  /** Which of `upstreamServers` is asked; default `random`. */
  readonly policy: "random" | "round_robin" | "sequential";
  /** Forwarders are asked by DNS over TLS, under this name. */
  readonly tlsServerName?: string;
  /** Zone to its resolvers. */
  readonly stubDomains: Readonly<Record<string, readonly string[]>>;
  /** Of answers; default 30 s. */
  readonly cache: DnsCacheSettings;
  /** Name to addresses. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  /** In order: the first that fits is taken. */
  readonly rewrite: readonly DnsRewrite[];
  /** Which queries are logged; default `none`. */
  readonly log: "none" | "all" | "denial" | "error" | "success";
  /** Names of pods as `10-244-1-7.default.pod.cluster.local`: none, of any address, of pods that exist. */
  readonly pods: "disabled" | "insecure" | "verified";
  /** Text of a Corefile: plugins of the cluster's server block, and whole blocks by zone; "" and empty by default. */
  readonly custom: { readonly plugins: string; readonly zones: Readonly<Record<string, string>> };
  /** Whether two replicas may share a node (`preferred`, the default) or may not. */
  readonly antiAffinity: "preferred" | "required";
  /** Of each replica; default requests of 100m CPU and 70Mi, a limit of 170Mi memory. */
  readonly resources: PodResources;
  /** Resources of the cache on every node; undefined: there is none. */
  readonly nodeLocal?: { readonly resources: PodResources };
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

/** How traffic comes to the ingress controller. */
export type Exposure =
  | {
      readonly type: "loadBalancer";
      /** With MetalLB: the address it shall have; undefined: one of the pool. */
      readonly address?: string;
      /** With MetalLB: name of a pool; undefined: any that gives addresses by itself. */
      readonly pool?: string;
      /** Empty: whoever reaches the address. */
      readonly sourceRanges: readonly string[];
      /** On AWS: a balancer within the VPC; default false. */
      readonly internal: boolean;
    }
  | { readonly type: "nodePorts"; readonly http: number; readonly https: number }
  | { readonly type: "hostPorts"; readonly http: number; readonly https: number };

interface IngressCommon {
  /** `ingressClassName` that Ingresses name; default `nginx`, `traefik`. */
  readonly className: string;
  /** It serves Ingresses that name no class; default true. */
  readonly default: boolean;
  /** Default: by a load balancer. */
  readonly expose: Exposure;
  /** Not with host ports: there it runs on every node. */
  readonly replicas: number;
  /** Of each pod; default: upstream's requests. */
  readonly resources: PodResources;
  /** Labels of the nodes it runs on; empty: all. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** What answers requests that no rule takes; undefined: the controller itself, with 404. */
  readonly defaultBackend?: { readonly image: string; readonly port: number };
  /** On AWS: names in a hosted zone that lead to the balancer; undefined: none are made. */
  readonly dns?: { readonly zoneId: string; readonly names: readonly string[] };
  /** Another image than the pinned one. */
  readonly image?: string;
}

export interface IngressNginxSettings extends IngressCommon {
  readonly kind: "ingress-nginx";
  /** Its ConfigMap, by upstream's keys; default empty. */
  readonly config: Readonly<Record<string, string>>;
}

export interface TraefikSettings extends IngressCommon {
  readonly kind: "traefik";
  /** Also serves Ingresses of class nginx. */
  readonly nginxClass: boolean;
  /** Merged over the library's values. */
  readonly values: Readonly<Record<string, unknown>>;
}

export type IngressSettings = IngressNginxSettings | TraefikSettings;

/** What `kubectl top` and autoscalers ask. */
export interface MetricsServerSettings {
  /** Pods, 1 to 10; default 1. */
  readonly replicas: number;
  /** Of each pod; default requests of 100m CPU and 200Mi memory: enough for a hundred nodes. */
  readonly resources: PodResources;
  /** Another image than the pinned one. */
  readonly image?: string;
}

/** What runs in the cluster besides its network and its DNS. */
export interface AddonSettings {
  /** Where charts come from. */
  readonly helm: HelmSettings;
  /** undefined: MetalLB is not put into the cluster. */
  readonly metallb?: MetallbSettings;
  /** undefined: no ingress controller is. */
  readonly ingress?: IngressSettings;
  /** URL or path of Gateway API's CRDs; undefined: they are not put into the cluster. */
  readonly gatewayApi?: { readonly source: string };
  /** undefined: metrics-server is not. */
  readonly metricsServer?: MetricsServerSettings;
}

/** Nothing besides network and DNS, and charts from where upstream has them. */
export const NO_ADDONS: AddonSettings = { helm: { sources: {}, versions: {} } };

/** What hosts are not rendered from, as one value. */
export const NO_COREDNS: CoreDnsSettings = {
  replicas: 0,
  upstreamServers: [],
  policy: "random",
  stubDomains: {},
  cache: { seconds: 0 },
  hosts: {},
  rewrite: [],
  log: "none",
  pods: "disabled",
  custom: { plugins: "", zones: {} },
  antiAffinity: "preferred",
  resources: {},
};
