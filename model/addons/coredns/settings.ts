import { type Switched, whenEnabled } from "../../core/enabled";
import type { ImageSource } from "../../images";
import type { PodResourcesInput } from "../../kubernetes";
import type { PodResources } from "../../settings/resolvedShared";
import { defined } from "../../core/defined";

/** How long CoreDNS keeps answers (its plugin `cache`). */
export interface DnsCacheInput {
  /**
   * Longest time an answer is kept, in seconds, 0 to 86400; 0 keeps none.
   *
   * @defaultValue 30
   */
  seconds?: number;
  /**
   * Answers kept, 1024 to 1000000.
   *
   * @defaultValue CoreDNS' 9984
   */
  capacity?: number;
  /**
   * Longest time "no such name" is kept, in seconds.
   *
   * @defaultValue `seconds`
   */
  denialSeconds?: number;
  /**
   * "No such name" answers kept.
   *
   * @defaultValue CoreDNS' 9984
   */
  denialCapacity?: number;
  /**
   * Fetches popular answers again before they expire.
   *
   * @defaultValue off
   */
  prefetch?: {
    /** Queries that make an answer popular, 1 to 1000. */
    amount: number;
    /**
     * Longest gap between two of these queries, in seconds.
     *
     * @defaultValue 60
     */
    duration?: number;
    /**
     * Remaining share of the lifetime at which it is fetched again, 10 to 90.
     *
     * @defaultValue 10
     */
    percentage?: number;
  };
  /**
   * Seconds an expired answer is still given when no resolver answers.
   *
   * @defaultValue never
   */
  serveStale?: number;
}

/** Cluster DNS: `coredns` in the settings, and the arguments of the component `CoreDns`. */
export interface CoreDnsInput {
  /**
   * Pods, 1 to 100.
   *
   * @defaultValue 2
   */
  replicas?: number;
  /**
   * Upstream resolvers, 1 to 15: `address`, `address:port` or the path of a resolv.conf.
   *
   * @defaultValue `/etc/resolv.conf` of the node
   */
  upstreamServers?: string[];
  /**
   * Which of `upstreamServers` is asked.
   *
   * @defaultValue `random`
   */
  policy?: "random" | "round_robin" | "sequential";
  /**
   * Ask `upstreamServers` by DNS over TLS; their certificates must have this name.
   *
   * @defaultValue plain DNS
   */
  tlsServerName?: string;
  /**
   * Resolvers of single zones, by zone: `{ "corp.example.com": ["10.1.0.53"] }`.
   *
   * @defaultValue none
   */
  stubDomains?: Record<string, string[]>;
  /**
   * How long answers are kept; a number is `seconds`.
   *
   * @defaultValue 30
   */
  cache?: number | DnsCacheInput;
  /**
   * Fixed names and their IPv4 addresses.
   *
   * @defaultValue none
   */
  hosts?: Record<string, string[]>;
  /**
   * Names that are looked up under another name; the first match counts.
   *
   * @defaultValue none
   */
  rewrite?: {
    /**
     * The whole name, or the end of one.
     *
     * @defaultValue `exact`
     */
    match?: "exact" | "suffix";
    /** DNS name that is asked for. */
    from: string;
    /** DNS name that is looked up instead. */
    to: string;
  }[];
  /**
   * Queries that are logged.
   *
   * @defaultValue `none`
   */
  log?: "none" | "all" | "denial" | "error" | "success";
  /**
   * Names of pods such as `10-244-1-7.default.pod.cluster.local`: none, for any address, or for existing pods only.
   *
   * @defaultValue `insecure`, as kubeadm's
   */
  pods?: "disabled" | "insecure" | "verified";
  /** Text of a Corefile that is added. */
  custom?: {
    /** Further plugins of the block that serves the cluster. */
    plugins?: string;
    /** Plugins of further server blocks, by zone. */
    zones?: Record<string, string>;
  };
  /**
   * `required`: no two replicas on one node, ever.
   *
   * @defaultValue `preferred`: on different nodes wherever there are enough
   */
  antiAffinity?: "preferred" | "required";
  /**
   * Of each replica.
   *
   * @defaultValue requests of 100m CPU and 70Mi memory, a limit of 170Mi memory, as kubeadm's
   */
  resources?: PodResourcesInput;
  /**
   * A DNS cache on every node, which the pods of that node ask.
   *
   * @defaultValue none
   */
  nodeLocal?: Switched & {
    /**
     * Of each cache.
     *
     * @defaultValue requests of 25m CPU and 5Mi memory
     */
    resources?: PodResourcesInput;
  };
}

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

/** What cluster DNS is rendered from. */
export interface CoreDnsSpec extends ImageSource {
  readonly addons: { readonly coredns: CoreDnsSettings };
  readonly network: {
    /** Names of Services end in it. */
    readonly clusterDomain: string;
    /** Address of Service `kube-dns`, which kubelets hand to pods. */
    readonly dnsServiceAddress: string;
  };
  readonly versions: {
    /** Tag of CoreDNS' image. */
    readonly coredns: string;
  };
}

const DEFAULTS = {
  replicas: 2,
  upstreamServers: ["/etc/resolv.conf"],
  // CoreDNS plugin/forward: its own default.
  policy: "random",
  cacheSeconds: 30,
  // CoreDNS plugin/cache: its own defaults.
  prefetch: { duration: 60, percentage: 10 },
  // As kubeadm's (cmd/kubeadm/app/phases/addons/dns/manifests.go).
  resources: { limits: { memory: "170Mi" }, requests: { cpu: "100m", memory: "70Mi" } },
  // As upstream's node-local-dns (kubernetes, cluster/addons/dns/nodelocaldns/nodelocaldns.yaml).
  nodeLocal: { requests: { cpu: "25m", memory: "5Mi" } },
} as const;

/** Cluster DNS with defaults filled in. */
export function resolveCoreDns(given: CoreDnsInput): CoreDnsSettings {
  const cache: DnsCacheInput = typeof given.cache === "object" ? given.cache : { seconds: given.cache };
  const nodeLocal = whenEnabled(given.nodeLocal);
  return {
    replicas: given.replicas ?? DEFAULTS.replicas,
    upstreamServers: given.upstreamServers ?? DEFAULTS.upstreamServers,
    policy: given.policy ?? DEFAULTS.policy,
    ...defined({ tlsServerName: given.tlsServerName }),
    stubDomains: given.stubDomains ?? {},
    cache: {
      ...defined({ ...cache, prefetch: cache.prefetch && { ...DEFAULTS.prefetch, ...cache.prefetch } }),
      seconds: cache.seconds ?? DEFAULTS.cacheSeconds,
    },
    hosts: given.hosts ?? {},
    rewrite: (given.rewrite ?? []).map((rule) => ({ match: "exact", ...rule })),
    log: given.log ?? "none",
    pods: given.pods ?? "insecure",
    custom: { plugins: given.custom?.plugins ?? "", zones: given.custom?.zones ?? {} },
    antiAffinity: given.antiAffinity ?? "preferred",
    resources: given.resources ?? DEFAULTS.resources,
    ...(nodeLocal === undefined
      ? {}
      : { nodeLocal: { resources: nodeLocal.resources ?? DEFAULTS.nodeLocal } }),
  };
}
