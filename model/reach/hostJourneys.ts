/** Who reaches whom among existing machines, through the firewall and the API proxies that the plan gives them. */
import { isToken } from "../core/tokens";
import { flowsOf, isTarget, rangesOf, type FlowsSpec } from "../flows";
import { cniProfile } from "../cni";
import { parseAddress, parseRange, rangeOf } from "../network/addresses";
import type { Flow } from "../network/flow";
import { API_PORT } from "../network/ports";
import { leavingSet } from "../node/leaving";
import type { ClusterMachine } from "../machine";
import { journey, type Journey, type UnusedRule } from "./journey";
import { endsOf, flowText } from "./packet";
import {
  readRuleset,
  stoppedByRuleset,
  type From,
  type HostPacket,
  type HostRule,
  type Ruleset,
} from "./ruleset";

/** A machine with what the plan writes to it. */
export interface HostPlan {
  readonly name: string;
  /** The rules of its firewall, as the file has them; undefined: it has none of ours. */
  readonly rules?: string;
  /** The configuration of the API proxy on it; undefined: it has none. */
  readonly proxy?: string;
}

/** What decides who must reach whom among machines. */
export interface HostJourneysSpec extends FlowsSpec {
  readonly machines: readonly (FlowsSpec["machines"][number] & Pick<ClusterMachine, "name">)[];
}

type PlannedHost = HostJourneysSpec["machines"][number] & { readonly plan: HostPlan };

const OUTSIDE = "eth0";
/** As the rules name the SSH server's ports, which only the host knows. */
const SSH_PORTS = "$ssh_ports";

/** Hosts with the same rules are judged once. */
interface Firewall {
  readonly ruleset: Ruleset;
  readonly hosts: PlannedHost[];
  readonly used: Set<HostRule>;
}

export function hostJourneys(
  settings: HostJourneysSpec,
  plans: readonly HostPlan[],
): { readonly journeys: Journey[]; readonly unused: UnusedRule[] } {
  const hosts = settings.machines.map((machine): PlannedHost => ({
    ...machine,
    plan: plans.find(({ name }) => name === machine.name) ?? { name: machine.name },
  }));
  const firewalls = firewallsOf(hosts);
  const journeys = [
    ...flowsOf(settings).flatMap((flow) => flowJourneys(settings, firewalls, flow)),
    ...hostNeeds(settings, firewalls),
    ...proxyJourneys(settings, hosts, firewalls),
  ];
  const unused = [...firewalls.values()].flatMap(({ ruleset, hosts: [first, ...more], used }) =>
    ruleset.chains
      .flatMap(({ rules }) => rules)
      .filter((rule) => rule.accepts && !used.has(rule))
      .map((rule) => ({
        rule: rule.text,
        where: `the firewall of ${first?.name ?? ""}${more.length === 0 ? "" : ` and ${more.length} more`}`,
      })),
  );
  return { journeys, unused };
}

/** By role as well: what must arrive differs by it, also where two roles have the same rules. */
function firewallsOf(hosts: readonly PlannedHost[]): Map<string, Firewall> {
  const found = new Map<string, Firewall>();
  for (const host of hosts) {
    const key = `${host.role}\n${host.plan.rules ?? ""}`;
    const known = found.get(key) ?? {
      ruleset: readRuleset(host.plan.rules ?? ""),
      hosts: [],
      used: new Set(),
    };
    known.hosts.push(host);
    found.set(key, known);
  }
  return found;
}

function isFiltered({ hosts: [host] }: Firewall): boolean {
  return host?.plan.rules !== undefined;
}

function fromOf(text: string): From {
  if (isToken(text)) return { kind: "token", text };
  if (text.includes(":")) return { kind: "range6", text: text.includes("/") ? text : `${text}/128` };
  const address = parseAddress(text);
  if (address !== undefined) return { kind: "range", range: rangeOf(address, 32) };
  const parsed = parseRange(text);
  return "problem" in parsed ? { kind: "token", text } : { kind: "range", range: parsed };
}

function sourcesOf(
  settings: HostJourneysSpec,
  flow: Flow,
): { readonly label: string; readonly from: From }[] {
  const listed = rangesOf(settings, flow).map((text) => ({
    label: labelOf(settings, text),
    from: fromOf(text),
  }));
  const kind = flow.from;
  if (kind !== "node" && kind !== "controlPlane" && kind !== "loadBalancer") return listed;
  return [...listed, { label: "a machine that leaves", from: { kind: "set", name: leavingSet(kind) } }];
}

function labelOf({ machines }: HostJourneysSpec, address: string): string {
  return machines.find(({ nodeAddress }) => nodeAddress === address)?.name ?? address;
}

function packetsOf(flow: Flow, from: From): HostPacket[] {
  const base = { from, by: OUTSIDE };
  if (flow.icmp !== undefined)
    return from.kind === "range6"
      ? [{ ...base, protocol: "ipv6-icmp", icmp: flow.icmp.type }]
      : [
          {
            ...base,
            protocol: "icmp",
            icmp: flow.icmp.type,
            ...(flow.icmp.code === undefined ? {} : { icmpCode: flow.icmp.code }),
          },
        ];
  const protocol = NAMES[flow.protocol] ?? flow.protocol;
  if (flow.from === "operator") return [{ ...base, protocol, port: SSH_PORTS }];
  if (flow.protocol === "icmp" && from.kind === "range6") return [{ ...base, protocol: "ipv6-icmp" }];
  const ports = endsOf(flow.ports);
  return ports.length === 0 ? [{ ...base, protocol }] : ports.map((port) => ({ ...base, protocol, port }));
}

/** Names and numbers as nftables' rules have them. */
const NAMES: Partial<Record<Flow["protocol"], string>> = {
  ipip: "ipencap",
  gre: "47",
  ah: "51",
  igmp: "2",
  ospf: "89",
  vrrp: "112",
};

function flowJourneys(
  settings: HostJourneysSpec,
  firewalls: ReadonlyMap<string, Firewall>,
  flow: Flow,
): Journey[] {
  const toPod = flow.from === "serviceClient";
  return [...firewalls.values()].flatMap((firewall) => {
    const targets = firewall.hosts.filter((host) => isTarget(host, flow.to));
    const [target] = targets;
    if (target === undefined) return [];
    return sourcesOf(settings, flow).flatMap(({ label, from }) => {
      // Nobody calls himself over the network.
      if (targets.length === 1 && label === target.name) return [];
      const about = { reason: flow.reason, from: label, to: together(targets), what: flowText(flow) };
      return [journey(about, (hops) => walk(firewall, packetsOf(flow, from), toPod, hops))];
    });
  });
}

function together([first, ...more]: readonly PlannedHost[]): string {
  return more.length === 0 ? (first?.name ?? "") : `${first?.name ?? ""} and ${more.length} more`;
}

function walk(
  firewall: Firewall,
  packets: readonly HostPacket[],
  toPod: boolean,
  hops: string[],
): string | undefined {
  hops.push("your network");
  if (!isFiltered(firewall)) return undefined;
  for (const packet of packets) {
    const stopped = stoppedByRuleset(firewall.ruleset, packet, toPod, firewall.used);
    if (stopped !== undefined)
      return `the firewall of ${firewall.hosts[0]?.name ?? "the host"}: ${stopped}${packet.port === undefined ? "" : ` (${packet.protocol} ${packet.port})`}`;
  }
  hops.push("the host's firewall");
  return undefined;
}

const NONE: From = { kind: "none" };
/** What a host's own network cannot do without (RFC 2131, RFC 8415, RFC 4861, RFC 2710, RFC 8201). */
const NEIGHBOURS = [
  "nd-neighbor-solicit",
  "nd-neighbor-advert",
  "nd-router-advert",
  "nd-router-solicit",
  "nd-redirect",
  "mld-listener-query",
  "packet-too-big",
];

function hostNeeds(settings: HostJourneysSpec, firewalls: ReadonlyMap<string, Firewall>): Journey[] {
  const link: From = { kind: "range6", text: "fe80::1/128" };
  const needs: [string, string, string, HostPacket][] = [
    [
      "answers to what the host asked",
      "anybody",
      "any protocol",
      { from: NONE, by: OUTSIDE, protocol: "tcp", answer: true },
    ],
    ["the host calls itself", "lo", "any protocol", { from: NONE, by: "lo", protocol: "tcp" }],
    [
      "the host's own address by DHCP",
      "a DHCP server",
      "udp 68",
      { from: NONE, by: OUTSIDE, protocol: "udp", port: 68, fromPort: 67 },
    ],
    [
      "the host's own address by DHCPv6",
      "a DHCPv6 server",
      "udp 546",
      { from: link, by: OUTSIDE, protocol: "udp", port: 546, fromPort: 547 },
    ],
    ...NEIGHBOURS.map((icmp): [string, string, string, HostPacket] => [
      "IPv6 finds its neighbours and its packet size",
      "neighbours",
      `icmpv6 ${icmp}`,
      { from: link, by: OUTSIDE, protocol: "ipv6-icmp", icmp },
    ]),
  ];
  const { pods, overlay } = cniProfile(settings.cni).interfaces;
  const podRange = fromOf(settings.network.podCidr);
  const named = (name: string) => name.replace(/\*$/, "0");
  const ofNodes: [string, string, string, HostPacket][] = [
    ...pods.map((name): [string, string, string, HostPacket] => [
      "pods call their own node",
      `pods by ${name}`,
      "any protocol",
      { from: podRange, by: named(name), protocol: "tcp", port: API_PORT },
    ]),
    ...overlay.map((name): [string, string, string, HostPacket] => [
      "pods and nodes call the node by pod addresses",
      `pods by ${name}`,
      "any protocol",
      { from: podRange, by: named(name), protocol: "tcp", port: API_PORT },
    ]),
  ];
  const members: HostPacket = {
    from: { kind: "set", name: leavingSet("controlPlane") },
    by: OUTSIDE,
    protocol: "tcp",
    port: 2379,
  };
  return [...firewalls.values()].filter(isFiltered).flatMap((firewall) => {
    const [host] = firewall.hosts;
    const own = [
      ...needs,
      ...(host.role === "loadBalancer" ? [] : ofNodes),
      ...(host.role === "controlPlane"
        ? [
            [
              "etcd members vote until they have left",
              "a control-plane node that leaves",
              "tcp 2379",
              members,
            ] as const,
          ]
        : []),
    ];
    return own.map(([reason, from, what, packet]) =>
      journey({ reason, from, to: together(firewall.hosts), what }, (hops) =>
        walk(firewall, [packet], false, hops),
      ),
    );
  });
}

interface Proxy {
  readonly listen: string;
  readonly servers: readonly string[];
}

/** What nginx listens on and sends to (nginx, ngx_stream_core_module, ngx_stream_upstream_module). */
function readProxy(text: string): Proxy {
  return {
    listen: /^\s*listen (\S+)[ ;]/m.exec(text)?.[1] ?? "",
    servers: [...text.matchAll(/^\s*server (?!\{)(\S+?)[ ;]/gm)].map(([, server = ""]) => server),
  };
}

/** Nodes reach the API by the proxy on themselves, by the balancer's, or directly; each proxy reaches every API server. */
function proxyJourneys(
  settings: HostJourneysSpec,
  hosts: readonly PlannedHost[],
  firewalls: ReadonlyMap<string, Firewall>,
): Journey[] {
  const { endpoint } = settings;
  const has = hosts.filter(({ role }) =>
    endpoint.kind === "nodeLocal"
      ? role !== "loadBalancer"
      : endpoint.kind === "loadBalancer" && role === "loadBalancer",
  );
  const servers = hosts.filter(({ role }) => role === "controlPlane");
  return has.flatMap((host) => {
    const what = `tcp ${endpoint.port}`;
    const reason =
      endpoint.kind === "nodeLocal"
        ? "the proxy on every node balances across the API servers"
        : "the proxy machine balances across the API servers";
    const proxy = host.plan.proxy === undefined ? undefined : readProxy(host.plan.proxy);
    // The hosts file leads the endpoint's name to the node itself.
    const wanted = `${endpoint.kind === "nodeLocal" ? "127.0.0.1" : ""}:${endpoint.port}`;
    const listens = journey(
      {
        reason,
        from: endpoint.kind === "nodeLocal" ? host.name : "nodes",
        to: `the proxy on ${host.name}`,
        what,
      },
      (hops) => {
        if (proxy === undefined) return `${host.name} has no API proxy in the plan`;
        if (!proxy.listen.endsWith(wanted))
          return `the proxy on ${host.name} listens on ${proxy.listen || "nothing"}, not on ${wanted.replace(/^:/, "port ")}`;
        hops.push(`nginx on ${proxy.listen}`);
        return undefined;
      },
    );
    const onward = servers.map((server) =>
      journey(
        { reason, from: `the proxy on ${host.name}`, to: server.name, what: `tcp ${API_PORT}` },
        (hops) => {
          const address = `${server.nodeAddress}:${API_PORT}`;
          if (proxy !== undefined && !proxy.servers.includes(address))
            return `the proxy on ${host.name} does not send to ${server.name} at ${address}: it has ${proxy.servers.join(", ") || "no servers"}`;
          if (server.name === host.name) return undefined;
          const firewall = [...firewalls.values()].find((one) => one.hosts.includes(server));
          const packet: HostPacket = {
            from: fromOf(host.nodeAddress),
            by: OUTSIDE,
            protocol: "tcp",
            port: API_PORT,
          };
          return firewall === undefined ? undefined : walk(firewall, [packet], false, hops);
        },
      ),
    );
    return [listens, ...onward];
  });
}
