import type { HelmSettings } from "../charts";
import type { PodResources } from "./resolved";

export interface DnsCacheSettings {
  /** Longest time an answer is kept, in seconds; 0 keeps none. */
  readonly seconds: number;
  /** Answers kept; undefined: CoreDNS' 9984. */
  readonly capacity?: number;
  /** The same of answers that there is no such name. */
  readonly denialSeconds?: number;
  readonly denialCapacity?: number;
  /** Answers asked for `amount` times, with gaps of less than `duration` seconds, are fetched again before they end. */
  readonly prefetch?: { readonly amount: number; readonly duration: number; readonly percentage: number };
  /** Seconds an answer that has ended is still given when no resolver answers. */
  readonly serveStale?: number;
}

export interface DnsRewrite {
  readonly match: "exact" | "suffix";
  readonly from: string;
  readonly to: string;
}

export interface CoreDnsSettings {
  readonly replicas: number;
  /** Upstream resolvers; default `/etc/resolv.conf` of the node. */
  readonly forwarders: readonly string[];
  readonly policy: "random" | "round_robin" | "sequential";
  /** Forwarders are asked by DNS over TLS, under this name. */
  readonly tlsServerName?: string;
  /** Zone to its resolvers. */
  readonly stubDomains: Readonly<Record<string, readonly string[]>>;
  readonly cache: DnsCacheSettings;
  /** Name to addresses. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  readonly rewrite: readonly DnsRewrite[];
  readonly log: "none" | "all" | "denial" | "error" | "success";
  /** Names of pods as `10-244-1-7.default.pod.cluster.local`: none, of any address, of pods that exist. */
  readonly podRecords: "disabled" | "insecure" | "verified";
  readonly custom: { readonly plugins: string; readonly zones: Readonly<Record<string, string>> };
  readonly spread: "preferred" | "required";
  readonly resources: PodResources;
  /** Resources of the cache on every node; undefined: there is none. */
  readonly nodeLocal?: { readonly resources: PodResources };
}

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

export interface BgpPeer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly asNumber: number;
  readonly myAsNumber: number;
  /** Name in `kubeadm:secrets`. */
  readonly password?: string;
  readonly nodes: Readonly<Record<string, string>>;
  readonly multiHop: boolean;
  /** Seconds; undefined: MetalLB's 90. */
  readonly holdTime?: number;
}

export interface MetallbSettings {
  readonly pools: Readonly<Record<string, AddressPool>>;
  /** Answers ARP for addresses of these pools. */
  readonly l2?: {
    readonly pools: readonly string[];
    /** Empty: all. */
    readonly interfaces: readonly string[];
    readonly nodes: Readonly<Record<string, string>>;
  };
  readonly bgp?: {
    readonly backend: "frr-k8s" | "native";
    readonly peers: readonly BgpPeer[];
    readonly pools: readonly string[];
    readonly aggregationLength?: number;
    readonly localPreference?: number;
    readonly communities: readonly string[];
  };
  /** Services that MetalLB serves name this class; undefined: it serves those that name none. */
  readonly loadBalancerClass?: string;
}

/** How traffic comes to the ingress controller. */
export type Arrival =
  | {
      readonly by: "loadBalancer";
      readonly address?: string;
      readonly pool?: string;
      /** Empty: whoever reaches the address. */
      readonly from: readonly string[];
      readonly internal: boolean;
    }
  | { readonly by: "nodePorts"; readonly http: number; readonly https: number }
  | { readonly by: "hostPorts"; readonly http: number; readonly https: number };

interface IngressCommon {
  readonly className: string;
  readonly default: boolean;
  readonly arrive: Arrival;
  /** Not with host ports: there it runs on every node. */
  readonly replicas: number;
  readonly resources: PodResources;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly defaultBackend?: { readonly image: string; readonly port: number };
  readonly dns?: { readonly zoneId: string; readonly names: readonly string[] };
  /** Another image than the pinned one. */
  readonly image?: string;
}

export interface IngressNginxSettings extends IngressCommon {
  readonly kind: "ingress-nginx";
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

export interface MetricsServerSettings {
  readonly replicas: number;
  readonly resources: PodResources;
  readonly image?: string;
}

/** What runs in the cluster besides its network and its DNS. */
export interface AddonSettings {
  /** Where charts come from. */
  readonly helm: HelmSettings;
  readonly metallb?: MetallbSettings;
  readonly ingress?: IngressSettings;
  /** URL or path of Gateway API's CRDs; undefined: they are not put into the cluster. */
  readonly gatewayApi?: { readonly source: string };
  readonly metricsServer?: MetricsServerSettings;
}

/** Nothing besides network and DNS, and charts from where upstream has them. */
export const NO_ADDONS: AddonSettings = { helm: { sources: {}, versions: {} } };

/** What hosts are not rendered from, as one value. */
export const NO_COREDNS: CoreDnsSettings = {
  replicas: 0,
  forwarders: [],
  policy: "random",
  stubDomains: {},
  cache: { seconds: 0 },
  hosts: {},
  rewrite: [],
  log: "none",
  podRecords: "disabled",
  custom: { plugins: "", zones: {} },
  spread: "preferred",
  resources: {},
};
