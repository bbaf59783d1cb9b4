import { formatAddress, parseAddress } from "../../network/addresses";
import { corefilePlugins } from "./corefileText";
import type { CoreDnsSettings, CoreDnsSpec, DnsCacheSettings, DnsRewrite } from "./settings";

/** One plugin of a server block, with the lines of its braces when it has any. */
export interface CorefilePlugin {
  readonly name: string;
  readonly args?: readonly string[];
  readonly block?: readonly (readonly string[])[];
}

/** Zones served together; the order of plugins in the file has no meaning to CoreDNS (plugin.cfg orders them). */
export interface ServerBlock {
  readonly zones: readonly string[];
  readonly plugins: readonly CorefilePlugin[];
  /** Text put behind the plugins as it is; `corefileProblem` has seen that it stays in its braces. */
  readonly custom?: string;
}

/** The library's Corefile: kubeadm's (cmd/kubeadm/app/phases/addons/dns/manifests.go) with the settings' values in it. */
export function corefile(settings: CoreDnsSpec): string {
  const { coredns } = settings.addons;
  const stubs = byName(coredns.stubDomains).filter(([zone]) => !sharesNames(zone, settings));
  return renderCorefile([
    clusterBlock(settings),
    ...stubs.map(([zone, resolvers]) => stubBlock(coredns, zone, resolvers)),
    ...byName(coredns.custom.zones).map(([zone, custom]) => ({
      zones: [`${zone}:53`],
      // People write it, as Kubernetes' documentation does, and CoreDNS takes it once.
      plugins: corefilePlugins(custom).some(({ name }) => name === "errors") ? [] : [{ name: "errors" }],
      custom,
    })),
  ]);
}

/**
 * Whether the cluster itself has names in this zone: its domain lies in it, or it may hold names of its addresses. A server
 * block of the zone's own would take them away, so its resolvers are asked in the cluster's block, after the cluster.
 */
function sharesNames(zone: string, { network }: CoreDnsSpec): boolean {
  return `.${network.clusterDomain}`.endsWith(`.${zone}`) || `.${zone}`.endsWith(".arpa");
}

function byName<T>(values: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(values).sort(([left], [right]) => (left < right ? -1 : 1));
}

function clusterBlock(settings: CoreDnsSpec): ServerBlock {
  const { network } = settings;
  const { coredns } = settings.addons;
  // The first that fits is asked, so the longest zones stand first.
  const shared = byName(coredns.stubDomains)
    .filter(([zone]) => sharesNames(zone, settings))
    .sort(([left], [right]) => right.length - left.length);
  return {
    zones: [".:53"],
    plugins: [
      { name: "errors" },
      ...log(coredns.log),
      // Answers for five seconds more after it was told to stop, until kube-proxy has taken it out everywhere.
      { name: "health", block: [["lameduck", "5s"]] },
      { name: "ready" },
      ...coredns.rewrite.map(rewrite),
      {
        name: "kubernetes",
        args: [network.clusterDomain, "in-addr.arpa", "ip6.arpa"],
        // Reverse names outside the cluster's ranges go on to the resolvers.
        block: [
          ["pods", coredns.pods],
          ["fallthrough", "in-addr.arpa", "ip6.arpa"],
          ["ttl", "30"],
        ],
      },
      ...hosts(coredns.hosts),
      { name: "prometheus", args: [":9153"] },
      ...shared.map(([zone, resolvers]) => ({ ...forward(coredns, resolvers), args: [zone, ...resolvers] })),
      forward(coredns, coredns.upstreamServers, coredns.tlsServerName),
      cache(coredns.cache),
      { name: "loop" },
      { name: "reload" },
      { name: "loadbalance" },
    ],
    custom: coredns.custom.plugins,
  };
}

function stubBlock(coredns: CoreDnsSettings, zone: string, resolvers: readonly string[]): ServerBlock {
  return {
    zones: [`${zone}:53`],
    plugins: [
      { name: "errors" },
      ...log(coredns.log),
      cache(coredns.cache),
      { name: "loop" },
      forward(coredns, resolvers),
    ],
  };
}

function log(which: CoreDnsSettings["log"]): CorefilePlugin[] {
  if (which === "none") return [];
  return [which === "all" ? { name: "log" } : { name: "log", args: ["."], block: [["class", which]] }];
}

/** `answer auto`: the name in the answer is the one that was asked for, or a resolver would not take it. */
function rewrite({ match, from, to }: DnsRewrite): CorefilePlugin {
  const [left, right] = match === "suffix" ? [`.${from}.`, `.${to}.`] : [`${from}.`, `${to}.`];
  return { name: "rewrite", args: ["name", match, left, right, "answer", "auto"] };
}

function hosts(names: CoreDnsSettings["hosts"]): CorefilePlugin[] {
  const lines = byName(names).flatMap(([name, addresses]) => addresses.map((address) => [address, name]));
  return lines.length === 0 ? [] : [{ name: "hosts", block: [...lines, ["fallthrough"]] }];
}

function forward(coredns: CoreDnsSettings, resolvers: readonly string[], tls?: string): CorefilePlugin {
  const to = tls === undefined ? resolvers : resolvers.map((resolver) => `tls://${resolver}`);
  return {
    name: "forward",
    args: [".", ...to],
    block: [
      ["max_concurrent", "1000"],
      ...(coredns.policy === "random" ? [] : [["policy", coredns.policy]]),
      ...(tls === undefined ? [] : [["tls_servername", tls]]),
    ],
  };
}

/** Without capacities and times of their own the two kinds of answers share the plugin's one number. */
function cache(settings: DnsCacheSettings): CorefilePlugin {
  const { seconds, prefetch, serveStale } = settings;
  const kind = (name: string, capacity?: number, ttl?: number) =>
    capacity === undefined && ttl === undefined
      ? []
      : // CoreDNS plugin/cache, defaultCap: the capacity has to be written for a time to follow.
        [[name, String(capacity ?? 9984), ...(ttl === undefined ? [] : [String(ttl)])]];
  const block = [
    ...kind("success", settings.capacity, settings.capacity === undefined ? undefined : seconds),
    ...kind("denial", settings.denialCapacity, settings.denialSeconds),
    ...(prefetch === undefined
      ? []
      : [["prefetch", `${prefetch.amount}`, `${prefetch.duration}s`, `${prefetch.percentage}%`]]),
    ...(serveStale === undefined ? [] : [["serve_stale", `${serveStale}s`]]),
  ];
  return { name: "cache", args: [String(seconds)], ...(block.length === 0 ? {} : { block }) };
}

/** Where the caches on the nodes find CoreDNS: the address after the one that pods ask. */
export function upstreamDnsAddress({ network }: CoreDnsSpec): string {
  const own = parseAddress(network.dnsServiceAddress);
  if (own === undefined) throw new RangeError(`${network.dnsServiceAddress} is not a valid address`);
  return formatAddress(own + 1);
}

/**
 * The cache on each node: it has no records and asks CoreDNS for everything, by TCP, so that no lost datagram
 * costs a client its five seconds.
 */
export function nodeCacheCorefile(settings: CoreDnsSpec): string {
  return renderCorefile([
    {
      zones: [".:53"],
      plugins: [
        { name: "errors" },
        { name: "health", block: [["lameduck", "5s"]] },
        { name: "ready" },
        { name: "prometheus", args: [":9153"] },
        { name: "forward", args: [".", upstreamDnsAddress(settings)], block: [["force_tcp"]] },
        cache(settings.addons.coredns.cache),
        { name: "reload" },
        { name: "loadbalance" },
      ],
    },
  ]);
}

/** Text of server blocks in the form `coredns` itself formats them in. */
export function renderCorefile(blocks: readonly ServerBlock[]): string {
  return blocks.map(renderBlock).join("");
}

function renderBlock({ zones, plugins, custom = "" }: ServerBlock): string {
  const text = custom
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line) => `    ${line.trimEnd()}\n`);
  return `${zones.join(" ")} {\n${plugins.map(renderPlugin).join("")}${text.join("")}}\n`;
}

function renderPlugin({ name, args = [], block }: CorefilePlugin): string {
  const head = `    ${[name, ...args].join(" ")}`;
  if (block === undefined) return `${head}\n`;
  return `${head} {\n${block.map((line) => `        ${line.join(" ")}\n`).join("")}    }\n`;
}
