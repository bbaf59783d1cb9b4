import { type Facts, pick } from "../draft";
import type { Path, Problems } from "../problems";
import { isDnsName } from "../schema/primitives";
import { ADDON_DEFAULTS } from "../resolveAddons";

/** What one setting of cluster DNS says of another. */
export function corednsFits(facts: Facts, problems: Problems): void {
  zonesAreTheirOwn(facts, problems);
  hostsAreOutside(facts, problems);
  forwardersFitTls(facts, problems);
  replicasFindNodes(facts, problems);
  rewritesLeadElsewhere(facts, problems);
  cachesReachAllPods(facts, problems);
}

function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

/** A zone has one server block, and the cluster's domain has one already. */
function zonesAreTheirOwn({ input }: Facts, problems: Problems): void {
  const clusterDomain = pick(input.network ?? {}, "clusterDomain", "cluster.local");
  const stubs = Object.keys(input.coredns?.stubDomains ?? {});
  for (const zone of Object.keys(input.coredns?.custom?.zones ?? {})) {
    const path: Path = ["coredns", "custom", "zones", zone];
    if (!isDnsName(zone)) {
      problems.add(path, zone, "is no DNS name", { allowed: "the name of a zone, as corp.example.com" });
    } else if (clusterDomain !== undefined && isWithin(zone, clusterDomain)) {
      problems.add(path, zone, `takes names of the cluster's own domain ${clusterDomain} away`, {
        allowed: `a zone outside ${clusterDomain}; plugins for the cluster's block are under custom.plugins`,
      });
    } else if (stubs.includes(zone)) {
      problems.add(path, zone, "is a stub domain already: a zone has one server block", {
        allowed: "one of the two",
      });
    }
  }
}

/** Names of hosts are answered before Services are looked at. */
function hostsAreOutside({ input }: Facts, problems: Problems): void {
  const clusterDomain = pick(input.network ?? {}, "clusterDomain", "cluster.local");
  for (const name of Object.keys(input.coredns?.hosts ?? {})) {
    const path: Path = ["coredns", "hosts", name];
    if (!isDnsName(name)) {
      problems.add(path, name, "is no DNS name", { allowed: "names in lower case, as db.example.com" });
    } else if (clusterDomain !== undefined && isWithin(name, clusterDomain)) {
      problems.add(path, name, `would hide a name of the cluster's own domain ${clusterDomain}`, {
        allowed: `a name outside ${clusterDomain}`,
      });
    }
  }
}

function forwardersFitTls({ input }: Facts, problems: Problems): void {
  const coredns = input.coredns;
  if (coredns?.tlsServerName === undefined || "forwarders" in coredns) return;
  problems.add(
    ["coredns", "tlsServerName"],
    coredns.tlsServerName,
    "says how forwarders are asked, and there are none: nodes' own resolvers do not speak TLS",
    { allowed: "forwarders beside it, as [9.9.9.9]" },
  );
}

/** CoreDNS runs on masters too, so every node counts. */
function replicasFindNodes({ input, machines, aws }: Facts, problems: Problems): void {
  if (input.coredns?.spread !== "required" || aws !== undefined) return;
  const nodes = machines.filter((machine) => machine.role !== "loadBalancer").length;
  const replicas = pick(input.coredns, "replicas", ADDON_DEFAULTS.coredns.replicas);
  if (replicas === undefined || nodes === 0 || replicas <= nodes) return;
  problems.add(
    ["coredns", "spread"],
    "required",
    `needs ${replicas} nodes for ${replicas} replicas, there are ${nodes}`,
    {
      allowed: `preferred, or at most ${nodes} replicas`,
    },
  );
}

function rewritesLeadElsewhere({ input }: Facts, problems: Problems): void {
  for (const [index, rule] of (input.coredns?.rewrite ?? []).entries()) {
    if (rule?.from === undefined || rule.from !== rule.to) continue;
    problems.add(["coredns", "rewrite", index, "to"], rule.to, "is what it is rewritten from", {
      allowed: "another name",
    });
  }
}

/** The cache is a pod for Linux, and the Service leads to the caller's own node alone. */
function cachesReachAllPods({ input, aws }: Facts, problems: Problems): void {
  const nodeLocal = input.coredns?.nodeLocal;
  if (nodeLocal === undefined || nodeLocal === false) return;
  const windows = Object.entries(aws?.workers ?? {}).find(
    ([, pool]) => pool?.os?.startsWith("windows") === true,
  );
  if (windows === undefined) return;
  problems.add(
    ["coredns", "nodeLocal"],
    nodeLocal,
    `leaves pool ${windows[0]} without names: the cache does not run on Windows`,
    { allowed: "false, where there is a Windows pool" },
  );
}
