import { resources } from "../../settings/effect";
import type { Path } from "../../settings/problems";
import { entriesOf } from "../../settings/prune";
import { replicas, type AddonDomain } from "../domain";
import { coredns as schema } from "./schema";
import { resolveCoreDns, type CoreDnsInput, type CoreDnsSettings } from "./settings";
import { validateCoreDns } from "./validate";

export const coredns = {
  schema,
  always: true,
  parts: { "": { namespace: "kube-system", charts: {}, crdGroups: [] } },
  keeps: [
    "ConfigMap/coredns",
    "Deployment/coredns",
    "Service/kube-dns",
    "Service/kube-dns-upstream",
    "ServiceAccount/coredns",
  ],
  effects: [
    resources(
      ["coredns.**"],
      "rolls the pods; changes hosts only when the node-local cache is added or removed and `firewall` is nftables",
    ),
  ],
  resolve: resolveCoreDns,
  validate: validateCoreDns,
  advise: ({ replicas: count, pods }) => [
    ...(count === 1 ? ["coredns.replicas 1: while its node is down, no pod can resolve names"] : []),
    ...(pods === "verified"
      ? ["coredns.pods verified: CoreDNS watches every pod and needs memory for each"]
      : []),
  ],
  lists: ({ upstreamServers = [], stubDomains = {} }: CoreDnsInput): [Path, readonly string[]][] => [
    [["coredns", "upstreamServers"], upstreamServers],
    ...Object.entries(stubDomains).map(([zone, resolvers]): [Path, readonly string[]] => [
      ["coredns", "stubDomains", zone],
      resolvers,
    ]),
  ],
  summary: (dns, { network, versions }) => ({
    name: "CoreDNS",
    version: versions.coredns,
    addresses: [network.dnsServiceAddress],
    about: [
      replicas(dns.replicas),
      `cluster domain ${network.clusterDomain}`,
      `asks ${dns.upstreamServers.join(", ")}`,
      ...Object.entries(dns.stubDomains).map(([zone, servers]) => `${zone} at ${servers.join(", ")}`),
      ...(dns.nodeLocal === undefined ? [] : ["a cache on every node"]),
    ],
  }),
  resolvers: ({ upstreamServers, stubDomains }) => [
    ...at(["coredns", "upstreamServers"], upstreamServers),
    ...Object.entries(stubDomains).flatMap(([zone, all]) => at(["coredns", "stubDomains", zone], all)),
  ],
} as const satisfies AddonDomain<CoreDnsInput, CoreDnsSettings>;

function at(path: Path, resolvers: readonly string[]): { path: Path; resolver: string }[] {
  return entriesOf(resolvers).map(([index, resolver]) => ({ path: [...path, index], resolver }));
}
