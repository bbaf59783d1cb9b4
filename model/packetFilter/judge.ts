import { CNI_TRACES } from "../cni";
import { isTarget } from "../flows";
import type { Flow, Target } from "../network/flow";
import type { ClusterMachine } from "../machine";
import { range, type Range } from "../network/addresses";
import { restartTable } from "../kubeadm/paths";
import { firewallTable } from "../node/paths";
import { MARKS } from "../node/checks/packetFilters";
import type { HostCheckSpec, PacketFilterSpec } from "../node/spec";
import { parseIptables } from "./iptables";
import { parseNftables } from "./nftables";
import { obstacleOf, type Obstacle, type Probe } from "./rules";

/** Tables of the cluster's own, which a living or a former node has. */
const OWN = new RegExp(
  `^(${firewallTable}|inet ${restartTable}|(ip6?|inet) (${["kube-proxy", ...CNI_TRACES.flatMap(({ nftTables }) => nftTables)].join("|")}))$`,
);
/** Sources whose packets must arrive for the cluster to work; who else may come in is people's own decision. */
const SOURCES: readonly Flow["from"][] = ["node", "controlPlane", "loadBalancer", "pod"];
/** Any port of a pod; this one is CoreDNS'. */
const DNS = { protocol: "udp", port: 53 } as const;
/** Addresses that a sentence lists before it counts. */
const LISTED = 3;

type FilteredMachine = Pick<ClusterMachine, "role" | "nodeAddress">;

/** What decides which packets must arrive at a host. */
export interface FilteredCluster {
  readonly node: Pick<HostCheckSpec, "cni" | "network">;
  readonly packetFilters: PacketFilterSpec;
  /** All machines. */
  readonly machines: readonly FilteredMachine[];
}

/** Addresses and ranges of a source in `SOURCES`. */
function sourceRanges({ node, machines }: FilteredCluster, source: Flow["from"]): string[] {
  if (source === "pod") return [node.network.podCidr];
  return machines
    .filter((machine) => isTarget(machine, source as Target))
    .map((machine) => machine.nodeAddress);
}

function host(address: string): Range {
  return range(address.includes("/") ? address : `${address}/32`);
}

/**
 * What packet filters of others certainly stop of what the cluster needs, one sentence for each rule or policy. A rule that
 * might let a packet through counts as one that does.
 * @param report the output of the preflight script
 * @param nodeInterface interface of the node address; "" when unknown
 */
export function packetFilterProblems(
  cluster: FilteredCluster,
  machine: FilteredMachine,
  report: string,
  nodeInterface: string,
): string[] {
  const lines = report.split("\n");
  const marked = (mark: string): string[] =>
    lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length));
  const iptables = parseIptables(marked(MARKS.iptables).join("\n"));
  const services = marked(MARKS.service);
  // Setup turns these off, and their rules go with them.
  const replaced = cluster.packetFilters.ownFirewall ? services : [];
  const nftables = (parseNftables(marked(MARKS.nft)[0] ?? "") ?? []).filter(
    (table) =>
      !OWN.test(table.name) &&
      !(replaced.includes("firewalld") && table.name === "inet firewalld") &&
      // iptables' own tables are read from iptables, where their matches are known.
      !(iptables.length > 0 && /^ip (filter|mangle|raw|security|nat)$/.test(table.name)),
  );
  const tables = [...nftables, ...(replaced.length > 0 ? [] : iptables)];
  if (tables.length === 0) return [];
  const stopped = new Map<string, { obstacle: Obstacle; what: string[] }>();
  for (const { probe, what } of probesOf(cluster, machine, nodeInterface)) {
    const obstacle = obstacleOf(tables, probe);
    if (obstacle === undefined || liftedByCni(cluster, obstacle)) continue;
    const key = `${obstacle.table.name} ${obstacle.chain} ${obstacle.rule ?? ""}`;
    const known = stopped.get(key) ?? { obstacle, what: [] };
    known.what.push(what);
    stopped.set(key, known);
  }
  return [...stopped.values()].map(({ obstacle, what }) => sentence(obstacle, what));
}

/** A CNI that works by iptables puts rules of its own before the policy of FORWARD. */
function liftedByCni({ packetFilters }: FilteredCluster, obstacle: Obstacle): boolean {
  return (
    packetFilters.byIptables &&
    obstacle.table.tool === "iptables" &&
    obstacle.chain === "FORWARD" &&
    obstacle.rule === undefined
  );
}

interface Named {
  readonly probe: Probe;
  readonly what: string;
}

function probesOf(cluster: FilteredCluster, machine: FilteredMachine, nodeInterface: string): Named[] {
  const { node, packetFilters } = cluster;
  const { interfaces } = node.cni;
  const pods = [...interfaces.pods, ...interfaces.overlay];
  const network = nodeInterface === "" ? [] : [nodeInterface];
  const podRange = range(node.network.podCidr);
  const own = host(machine.nodeAddress);
  const forwarded: Named[] =
    machine.role === "loadBalancer"
      ? []
      : [
          {
            probe: {
              hook: "forward",
              ...DNS,
              from: podRange,
              to: podRange,
              incoming: [...pods, ...network],
              outgoing: [...pods, ...network],
            },
            what: `packets between pods (${node.network.podCidr})`,
          },
        ];
  const flows = packetFilters.flows.filter(
    (flow) => isTarget(machine, flow.to) && SOURCES.includes(flow.from),
  );
  return [...forwarded, ...flows.flatMap((flow) => flowProbes(cluster, flow, own, pods, network))];
}

function flowProbes(
  cluster: FilteredCluster,
  flow: Flow,
  own: Range,
  pods: readonly string[],
  network: readonly string[],
): Named[] {
  const { protocol } = flow;
  if (!isProbed(protocol)) return [];
  const sources = sourceRanges(cluster, flow.from)
    .map(host)
    .filter((source) => source.first !== own.first || source.last !== own.last);
  if (sources.length === 0) return [];
  const ports = flow.ports.length === 0 ? [undefined] : flow.ports.map(({ from }) => from);
  return ports.flatMap((port) =>
    sources.map((from): Named => {
      const incoming = flow.from === "pod" ? [...pods, ...network] : network;
      return {
        probe: { hook: "input", protocol, port, from, to: own, incoming, outgoing: [] },
        what: `${protocol}${port === undefined ? "" : ` ${port}`} from ${from.text.replace(/\/32$/, "")} (${flow.reason})`,
      };
    }),
  );
}

/** What nodes need of one another; the rest is people's own. */
function isProbed(protocol: Flow["protocol"]): protocol is Exclude<Probe["protocol"], "icmp"> {
  return ["tcp", "udp", "ipip", "esp"].includes(protocol);
}

function sentence({ table, chain, rule }: Obstacle, what: readonly string[]): string {
  const where = `${table.tool === "iptables" ? `iptables' table ${table.name}` : `nftables' table ${table.name}`}, chain ${chain}`;
  const by = rule === undefined ? "its policy" : `its rule "${rule}"`;
  const distinct = [...new Set(what)];
  const more = distinct.length > LISTED ? ` and ${distinct.length - LISTED} more` : "";
  return `a packet filter on the host (${where}, ${by}) stops ${distinct.slice(0, LISTED).join(", ")}${more}: let them through before it, or remove it from the running rules and from the file or service that brings it back (PacketFilter)`;
}
