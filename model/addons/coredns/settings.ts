import { type Switched, whenEnabled } from "../../core/enabled";
import type { ImageSource } from "../../images";
import type { PodResourcesInput } from "../../kubernetes";
import type { PodResources } from "../../settings/resolvedShared";
import { defined } from "../../core/defined";

/** How long CoreDNS keeps answers: its plugin `cache`. */
export interface DnsCacheInput {
  /**
   * Maximum time to keep an answer, in seconds, 0 to 86400; 0 keeps none.
   *
   * @defaultValue 30
   */
  seconds?: number;
  /**
   * Maximum number of answers to keep, 1024 to 1000000.
   *
   * @defaultValue CoreDNS' 9984
   */
  capacity?: number;
  /**
   * Maximum time to keep the answer that a name does not exist, in seconds.
   *
   * @defaultValue `seconds`
   */
  denialSeconds?: number;
  /**
   * Maximum number of such negative answers to keep.
   *
   * @defaultValue CoreDNS' 9984
   */
  denialCapacity?: number;
  /**
   * Refreshes popular answers before they expire.
   *
   * @defaultValue off
   */
  prefetch?: {
    /** Number of queries that make an answer popular, 1 to 1000. */
    amount: number;
    /**
     * Maximum gap between two of these queries, in seconds.
     *
     * @defaultValue 60
     */
    duration?: number;
    /**
     * Remaining share of an answer's lifetime at which CoreDNS refreshes it, in percent, 10 to 90.
     *
     * @defaultValue 10
     */
    percentage?: number;
  };
  /**
   * How long CoreDNS serves an expired answer while no resolver answers, in seconds.
   *
   * @defaultValue never
   */
  serveStale?: number;
}

/** Cluster DNS: `coredns` in the settings, and the arguments of the component `CoreDns`. */
export interface CoreDnsInput {
  /**
   * Number of pods, 1 to 100.
   *
   * @defaultValue 2
   */
  replicas?: number;
  /**
   * Resolvers for names outside the cluster, 1 to 15: `address`, `address:port` or the path of a resolv.conf.
   *
   * @defaultValue `/etc/resolv.conf` of the node
   */
  upstreamServers?: readonly string[];
  /**
   * Order in which CoreDNS uses `upstreamServers`.
   *
   * @defaultValue `random`
   */
  policy?: "random" | "round_robin" | "sequential";
  /**
   * Sends queries to `upstreamServers` over TLS. Their certificates must have this name.
   *
   * @defaultValue plain DNS
   */
  tlsServerName?: string;
  /**
   * Resolvers of single zones, by zone, such as `{ "corp.example.com": ["10.1.0.53"] }`.
   *
   * @defaultValue none
   */
  stubDomains?: Record<string, readonly string[]>;
  /**
   * How long CoreDNS keeps answers. A number means `seconds`.
   *
   * @defaultValue 30
   */
  cache?: number | DnsCacheInput;
  /**
   * IPv4 addresses of fixed names, by name. Names are outside the cluster domain.
   *
   * @defaultValue none
   */
  hosts?: Record<string, readonly string[]>;
  /**
   * Names that CoreDNS looks up under another name. The first match counts.
   *
   * @defaultValue none
   */
  rewrite?: readonly {
    /**
     * Whether `from` is a whole name or the end of one.
     *
     * @defaultValue `exact`
     */
    match?: "exact" | "suffix";
    /** Name in the query. The answer contains it too. */
    from: string;
    /** Name that CoreDNS looks up instead. */
    to: string;
  }[];
  /**
   * Which queries CoreDNS logs.
   *
   * @defaultValue `none`
   */
  log?: "none" | "all" | "denial" | "error" | "success";
  /**
   * DNS names of pods, such as `10-244-1-7.default.pod.cluster.local`: `disabled` for none, `insecure` for any
   * address, `verified` for existing pods only.
   *
   * @defaultValue `insecure`, like kubeadm
   */
  pods?: "disabled" | "insecure" | "verified";
  /** Text to add to the Corefile. */
  custom?: {
    /** More plugins of the server block for the cluster. */
    plugins?: string;
    /** More server blocks: the plugins of each, by zone. */
    zones?: Record<string, string>;
  };
  /**
   * `preferred` runs replicas on different nodes if there are enough nodes. `required` never runs two replicas on one
   * node.
   *
   * @defaultValue `preferred`
   */
  antiAffinity?: "preferred" | "required";
  /**
   * Requests and limits of each replica.
   *
   * @defaultValue requests of 100m CPU and 70Mi memory, a limit of 170Mi memory, like kubeadm
   */
  resources?: PodResourcesInput;
  /**
   * A DNS cache on every node, which the pods of that node use.
   *
   * @defaultValue none
   */
  nodeLocal?: Switched & {
    /**
     * Requests and limits of each cache.
     *
     * @defaultValue requests of 25m CPU and 5Mi memory
     */
    resources?: PodResourcesInput;
  };
}

/** Settings of CoreDNS' plugin `cache`. */
export interface DnsCacheSettings {
  /** Maximum time to keep an answer, in seconds; 0 keeps none. */
  readonly seconds: number;
  /** Maximum number of answers to keep. Undefined: CoreDNS' 9984. */
  readonly capacity?: number;
  /** Maximum time to keep the answer that a name does not exist, in seconds. */
  readonly denialSeconds?: number;
  /** Maximum number of such negative answers to keep. Undefined: CoreDNS' 9984. */
  readonly denialCapacity?: number;
  /** Answers asked for `amount` times, with gaps of less than `duration` seconds, are fetched again before they end. */
  readonly prefetch?: { readonly amount: number; readonly duration: number; readonly percentage: number };
  /** How long CoreDNS serves an expired answer while no resolver answers, in seconds. */
  readonly serveStale?: number;
}

/** A name that CoreDNS looks up under another name. The answer contains the name from the query. */
export interface DnsRewrite {
  /** Whether `from` is a whole name or the end of one. */
  readonly match: "exact" | "suffix";
  /** Name in the query. */
  readonly from: string;
  /** Name that CoreDNS looks up instead. */
  readonly to: string;
}

/** Cluster DNS: the settings of its Corefile and Deployment. */
export interface CoreDnsSettings {
  /** Number of pods, 1 to 100. */
  readonly replicas: number;
  /** Resolvers for names outside the cluster. */
  readonly upstreamServers: readonly string[];
  /** Order in which CoreDNS uses `upstreamServers`. */
  readonly policy: "random" | "round_robin" | "sequential";
  /** Sends queries to `upstreamServers` over TLS. Their certificates must have this name. */
  readonly tlsServerName?: string;
  /** Resolvers of single zones, by zone. */
  readonly stubDomains: Readonly<Record<string, readonly string[]>>;
  /** How long CoreDNS keeps answers. */
  readonly cache: DnsCacheSettings;
  /** IPv4 addresses of fixed names, by name. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  /** Rules in order. The first match counts. */
  readonly rewrite: readonly DnsRewrite[];
  /** Which queries CoreDNS logs. */
  readonly log: "none" | "all" | "denial" | "error" | "success";
  /**
   * DNS names of pods, such as `10-244-1-7.default.pod.cluster.local`: none, for any address, or for existing pods
   * only.
   */
  readonly pods: "disabled" | "insecure" | "verified";
  /** Text of a Corefile: plugins of the cluster's server block, and whole blocks by zone; "" and empty by default. */
  readonly custom: { readonly plugins: string; readonly zones: Readonly<Record<string, string>> };
  /** Whether two replicas may run on one node (`preferred`) or never do (`required`). */
  readonly antiAffinity: "preferred" | "required";
  /** Requests and limits of each replica. */
  readonly resources: PodResources;
  /** Resources of the cache on every node; undefined: there is none. */
  readonly nodeLocal?: { readonly resources: PodResources };
}

/** What the objects of cluster DNS are rendered from. */
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
