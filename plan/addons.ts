import type { AddonSettings } from "../model/addons/settings";
import { CHARTS, type ChartName } from "../model/charts";
import type { ClusterSettings } from "../model/settings/resolved";
import { counted } from "./counts";

/** What runs in the cluster besides its network. */
export interface PlannedAddon {
  readonly name: string;
  /** Of the chart or image; undefined where the settings bring an image or a chart of their own. */
  readonly version?: string;
  /** Where it is reached, or the addresses it gives out; empty: within the cluster, at an address that it gets there. */
  readonly addresses: readonly string[];
  /** What the settings make of it, as short phrases. */
  readonly about: readonly string[];
}

type Settings = Pick<ClusterSettings, "addons" | "network" | "platform" | "versions">;

export function plannedAddons(settings: Settings): PlannedAddon[] {
  const { metallb, ingress, gatewayApi, metricsServer, helm } = settings.addons;
  const version = (chart: ChartName) => ({ version: helm.versions[chart] ?? CHARTS[chart].version });
  return [
    coredns(settings),
    ...(metallb === undefined ? [] : [{ name: "MetalLB", ...version("metallb"), ...metallbParts(metallb) }]),
    ...(ingress === undefined
      ? []
      : [
          {
            name: ingress.kind,
            ...(ingress.kind === "traefik" ? version("traefik") : {}),
            ...ingressParts(ingress, settings),
          },
        ]),
    ...(gatewayApi === undefined
      ? []
      : [{ name: "Gateway API", addresses: [], about: [`definitions from ${gatewayApi.source}`] }]),
    ...(metricsServer === undefined
      ? []
      : [{ name: "metrics-server", addresses: [], about: [counted(metricsServer.replicas, "replica")] }]),
  ];
}

function coredns({ addons: { coredns: dns }, network, versions }: Settings): PlannedAddon {
  const stubs = Object.entries(dns.stubDomains).map(([zone, servers]) => `${zone} at ${servers.join(", ")}`);
  return {
    name: "CoreDNS",
    version: versions.coredns,
    addresses: [network.dnsServiceAddress],
    about: [
      counted(dns.replicas, "replica"),
      `cluster domain ${network.clusterDomain}`,
      `asks ${dns.upstreamServers.join(", ")}`,
      ...stubs,
      ...(dns.nodeLocal === undefined ? [] : ["a cache on every node"]),
    ],
  };
}

function metallbParts({ pools, l2, bgp }: NonNullable<AddonSettings["metallb"]>) {
  const named = Object.entries(pools).map(([name, pool]) => `pool ${name}: ${pool.addresses.join(", ")}`);
  return {
    addresses: Object.values(pools).flatMap((pool) => pool.addresses),
    about: [
      ...named,
      ...(l2 === undefined ? [] : [`answers ARP for ${l2.pools.join(", ")}`]),
      ...(bgp === undefined ? [] : [`BGP to ${bgp.peers.map((peer) => peer.address).join(", ")}`]),
    ],
  };
}

function ingressParts(
  { className, default: byDefault, expose, replicas, dns }: NonNullable<AddonSettings["ingress"]>,
  { platform }: Settings,
) {
  const common = [
    `class ${className}${byDefault ? ", the default" : ""}`,
    ...(dns === undefined ? [] : [`DNS names ${dns.names.join(", ")}`]),
  ];
  if (expose.type !== "loadBalancer") {
    const at = expose.type === "nodePorts" ? "every node" : "nodes that run it";
    return {
      addresses: [`${at}: HTTP ${expose.http}, HTTPS ${expose.https}`],
      about: [
        ...(expose.type === "nodePorts" ? [counted(replicas, "replica")] : ["a pod on each node"]),
        ...common,
      ],
    };
  }
  const { address, pool, sourceRanges, internal } = expose;
  const balancer = platform === "aws" ? `a network load balancer${internal ? " in the VPC" : ""}` : "MetalLB";
  return {
    addresses: address === undefined ? [] : [address],
    about: [
      counted(replicas, "replica"),
      ...common,
      `behind ${balancer}${pool === undefined ? "" : `, pool ${pool}`}`,
      `open to ${sourceRanges.length === 0 ? "everybody who reaches the address" : sourceRanges.join(", ")}`,
    ],
  };
}
