import type { ClusterSettings } from "../settings/resolved";

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
}

/** The library's Corefile: kubeadm's (cmd/kubeadm/app/phases/addons/dns/manifests.go) with the settings' values in it. */
export function corefile(settings: ClusterSettings): string {
  return renderCorefile([clusterBlock(settings), ...stubBlocks(settings)]);
}

function clusterBlock({ network, coredns }: ClusterSettings): ServerBlock {
  return {
    zones: [".:53"],
    plugins: [
      { name: "errors" },
      // Answers for five seconds more after it was told to stop, until kube-proxy has taken it out everywhere.
      { name: "health", block: [["lameduck", "5s"]] },
      { name: "ready" },
      {
        name: "kubernetes",
        args: [network.clusterDomain, "in-addr.arpa", "ip6.arpa"],
        // Reverse names outside the cluster's ranges go on to the resolvers.
        block: [
          ["pods", "insecure"],
          ["fallthrough", "in-addr.arpa", "ip6.arpa"],
          ["ttl", "30"],
        ],
      },
      { name: "prometheus", args: [":9153"] },
      forward(coredns.forwarders),
      { name: "cache", args: [String(coredns.cache)] },
      { name: "loop" },
      { name: "reload" },
      { name: "loadbalance" },
    ],
  };
}

function stubBlocks({ coredns }: ClusterSettings): ServerBlock[] {
  return Object.entries(coredns.stubDomains)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([zone, resolvers]) => ({
      zones: [`${zone}:53`],
      plugins: [
        { name: "errors" },
        { name: "cache", args: [String(coredns.cache)] },
        { name: "loop" },
        forward(resolvers),
      ],
    }));
}

function forward(resolvers: readonly string[]): CorefilePlugin {
  return { name: "forward", args: [".", ...resolvers], block: [["max_concurrent", "1000"]] };
}

/** Text of server blocks in the form `coredns` itself formats them in. */
export function renderCorefile(blocks: readonly ServerBlock[]): string {
  return blocks.map(renderBlock).join("");
}

function renderBlock({ zones, plugins }: ServerBlock): string {
  return `${zones.join(" ")} {\n${plugins.map(renderPlugin).join("")}}\n`;
}

function renderPlugin({ name, args = [], block }: CorefilePlugin): string {
  const head = `    ${[name, ...args].join(" ")}`;
  if (block === undefined) return `${head}\n`;
  return `${head} {\n${block.map((line) => `        ${line.join(" ")}\n`).join("")}    }\n`;
}
