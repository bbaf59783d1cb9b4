import type { Path, Problems } from "../../settings/problems";
import { entriesOf } from "../../settings/prune";
import { isDnsName } from "../../settings/schema/primitives";
import { nearest } from "../../text";
import type { AddonSurroundings } from "../domain";
import { corefilePlugins, corefileProblem } from "./corefileText";
import { COREDNS_PLUGINS, ONCE_IN_A_BLOCK } from "./plugins";
import type { CoreDnsInput as Input, CoreDnsSettings } from "./settings";

/** What one setting of cluster DNS says of another. */
export function validateCoreDns(
  coredns: Input,
  settings: CoreDnsSettings,
  around: AddonSurroundings,
  problems: Problems,
): void {
  stubsAreZones(coredns, around, problems);
  zonesAreTheirOwn(coredns, around, problems);
  hostsAreOutside(coredns, around, problems);
  forwardersFitTls(coredns, around, problems);
  replicasFindNodes(settings, around, problems);
  rewritesLeadElsewhere(coredns, problems);
  cachesReachAllPods(coredns, settings, around, problems);
  pluginsAreKnown(coredns, problems);
}

function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

function stubsAreZones(
  { stubDomains }: Input,
  { clusterDomain }: AddonSurroundings,
  problems: Problems,
): void {
  for (const zone of Object.keys(stubDomains ?? {})) {
    const path = ["coredns", "stubDomains", zone];
    if (!isDnsName(zone))
      problems.add(path, zone, "is not a valid DNS zone", {
        allowed: "a DNS name, such as corp.example.com",
      });
    if (clusterDomain !== undefined && isWithin(zone, clusterDomain)) {
      problems.add(
        path,
        zone,
        `lies in network.clusterDomain ${clusterDomain}, which CoreDNS itself answers for`,
        {
          allowed: `a zone outside ${clusterDomain}`,
        },
      );
    }
  }
}

/** A zone has one server block, and the cluster's domain has one already. */
function zonesAreTheirOwn(
  { stubDomains, custom }: Input,
  { clusterDomain }: AddonSurroundings,
  problems: Problems,
): void {
  const stubs = Object.keys(stubDomains ?? {});
  for (const zone of Object.keys(custom?.zones ?? {})) {
    const path: Path = ["coredns", "custom", "zones", zone];
    if (!isDnsName(zone)) {
      problems.add(path, zone, "is not a valid DNS name", {
        allowed: "the name of a zone, such as corp.example.com",
      });
    } else if (clusterDomain !== undefined && isWithin(zone, clusterDomain)) {
      problems.add(path, zone, `would take over names of the cluster domain ${clusterDomain}`, {
        allowed: `a zone outside ${clusterDomain}; put plugins for the cluster's block under custom.plugins`,
      });
    } else if (clusterDomain !== undefined && isWithin(clusterDomain, zone)) {
      problems.add(path, zone, `contains the cluster domain ${clusterDomain} and would take over its names`, {
        allowed: `a zone that does not contain ${clusterDomain}; put resolvers for the zone under stubDomains`,
      });
    } else if (stubs.includes(zone)) {
      problems.add(path, zone, "is already a stub domain: a zone has one server block", {
        allowed: "one of them",
      });
    }
  }
}

/** Names of hosts are answered before Services are looked at. */
function hostsAreOutside({ hosts }: Input, { clusterDomain }: AddonSurroundings, problems: Problems): void {
  for (const name of Object.keys(hosts ?? {})) {
    const path: Path = ["coredns", "hosts", name];
    if (!isDnsName(name)) {
      problems.add(path, name, "is not a valid DNS name", {
        allowed: "names in lower case, such as db.example.com",
      });
    } else if (clusterDomain !== undefined && isWithin(name, clusterDomain)) {
      problems.add(path, name, `would hide a name of the cluster domain ${clusterDomain}`, {
        allowed: `a name outside ${clusterDomain}`,
      });
    }
  }
}

function forwardersFitTls(coredns: Input, { refused }: AddonSurroundings, problems: Problems): void {
  if (coredns.tlsServerName === undefined || coredns.upstreamServers !== undefined) return;
  if (refused("coredns.upstreamServers")) return;
  problems.add(
    ["coredns", "tlsServerName"],
    coredns.tlsServerName,
    "has no effect without upstreamServers: the resolvers of nodes do not speak TLS",
    { allowed: "upstreamServers as well, such as [9.9.9.9]" },
  );
}

/** CoreDNS runs on control-plane nodes too, so every node counts. */
function replicasFindNodes(
  { antiAffinity, replicas }: CoreDnsSettings,
  { machines, platform, refused }: AddonSurroundings,
  problems: Problems,
): void {
  if (antiAffinity !== "required" || platform === "aws" || refused("coredns.replicas")) return;
  const nodes = machines.filter((machine) => machine.role !== "loadBalancer").length;
  if (nodes === 0 || replicas <= nodes) return;
  problems.add(
    ["coredns", "antiAffinity"],
    "required",
    `needs ${replicas} nodes for ${replicas} replicas, but there are ${nodes}`,
    {
      allowed: `preferred, or at most ${nodes} replicas`,
    },
  );
}

function rewritesLeadElsewhere({ rewrite: rules = [] }: Input, problems: Problems): void {
  const first = new Map<string, number>();
  for (const [index, rule] of entriesOf(rules)) {
    const key = `${rule.match ?? "exact"} ${rule.from}`;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, index);
    else {
      problems.add(
        ["coredns", "rewrite", index, "from"],
        rule.from,
        `is already rewritten by rewrite[${earlier}]`,
        {
          allowed: "each name once: CoreDNS stops at the first matching rule",
        },
      );
    }
    if (rule.from !== rule.to) continue;
    problems.add(["coredns", "rewrite", index, "to"], rule.to, "is what it is rewritten from", {
      allowed: "another name",
    });
  }
}

/** The cache is a pod for Linux, and the Service leads to the caller's own node alone. */
function cachesReachAllPods(
  { nodeLocal }: Input,
  settings: CoreDnsSettings,
  { windowsPool }: AddonSurroundings,
  problems: Problems,
): void {
  if (settings.nodeLocal === undefined || windowsPool === undefined) return;
  problems.add(
    ["coredns", "nodeLocal"],
    nodeLocal,
    `leaves pool ${windowsPool} without DNS: the cache does not run on Windows`,
    { allowed: "{ enabled: false } with a Windows pool" },
  );
}

/** What the cluster's server block has already, with the setting that says how. */
const TAKEN: Readonly<Record<string, string>> = {
  cache: "coredns.cache",
  errors: "leave it out: it is always there",
  health: "leave it out: it is always there",
  kubernetes: "coredns.pods, network.clusterDomain",
  loop: "leave it out: it is always there",
  prometheus: "leave it out: it is always there, on port 9153",
  ready: "leave it out: it is always there",
};

/** CoreDNS does not start with a plugin that it does not know, nor with one twice that may stand once. */
function pluginsAreKnown({ custom, hosts: named }: Input, problems: Problems): void {
  const { plugins, zones = {} } = custom ?? {};
  const texts: [Path, string, boolean][] = [
    [["coredns", "custom", "plugins"], plugins ?? "", true],
    ...Object.entries(zones).map(([zone, text]): [Path, string, boolean] => [
      ["coredns", "custom", "zones", zone],
      text,
      false,
    ]),
  ];
  for (const [path, text, cluster] of texts) {
    if (corefileProblem(text) !== undefined) continue;
    const seen = new Set<string>();
    for (const { name, args } of corefilePlugins(text)) {
      const hosts = name === "hosts" && Object.keys(named ?? {}).length > 0;
      const instead =
        name === "forward" && args[0] === "."
          ? "coredns.upstreamServers"
          : hosts
            ? "coredns.hosts"
            : TAKEN[name];
      if (!COREDNS_PLUGINS.includes(name)) {
        problems.add(path, name, "is not a CoreDNS plugin, so CoreDNS would not start", {
          allowed: "the plugins at coredns.io/plugins, one per line",
          nearest: nearest(name, COREDNS_PLUGINS),
        });
      } else if (cluster && instead !== undefined) {
        problems.add(path, [name, ...args].join(" "), "is already in the cluster's server block", {
          allowed: `instead: ${instead}`,
        });
      } else if (seen.has(name) && ONCE_IN_A_BLOCK.includes(name)) {
        problems.add(path, name, "is set twice, but CoreDNS accepts it once per block", {
          allowed: "each once",
        });
      }
      seen.add(name);
    }
  }
}
