import { systemdUnit } from "../core/systemd";
import { isToken } from "../core/tokens";
import { ETCD_PORTS } from "../network/ports";
import { PROTOCOL_NUMBERS, type Flow, type PortRange, type Source } from "../network/flow";
import { range } from "../network/addresses";
import { disjoint6 } from "../network/addresses6";
import type { RenderedFile } from "../renderedFile";
import { configFolder, firewallTable, firewallUnit, nodeScript } from "./paths";
import {
  isLeavingKind,
  keepLeaving,
  leavingFile,
  leavingSet,
  leavingSets,
  firewallAddresses,
  type LeavingKind,
} from "./leaving";
import { putFile } from "./prelude";
import { longAddresses } from "./shortAddresses";
import type { FirewallSpec, NodeSetupSpec, SetupMachine } from "./spec";

/** What of a host's setup its firewall reads besides its own part. */
type FirewallHost = Pick<NodeSetupSpec, "cni" | "network"> & { readonly machine: Pick<SetupMachine, "role"> };

export const firewallFile = `${configFolder}/firewall.nft`;
/** Written on the host, which alone knows the ports its SSH server listens on: the settings' may be forwarded. */
export const firewallSshPorts = `${configFolder}/firewall-ssh-ports.nft`;
const sshPorts = "$ssh_ports";
/** Longest comment nft takes (NFTNL_UDATA_COMMENT_MAXLEN). */
const COMMENT = 127;

/**
 * Ranges in the order of their addresses, without those that lie in another: nft refuses a set whose intervals overlap.
 * Each is read once: every machine's rules name every node.
 */
export function disjoint(ranges: readonly string[]): string[] {
  const unknown = ranges.filter(isToken);
  const read = [...new Set(ranges.filter((text) => !isToken(text)).map(cidr))].map(range);
  // The wider of two that begin at one address comes first, so whatever lies in another follows it.
  read.sort((a, b) => a.first - b.first || b.last - a.last);
  const kept: string[] = [];
  let last = -1;
  for (const own of read) {
    if (own.last <= last) continue;
    last = own.last;
    kept.push(own.text.replace(/\/32$/, ""));
  }
  return [...kept, ...unknown];
}

function cidr(text: string): string {
  return text.includes("/") ? text : `${text}/32`;
}

/** What a rule begins with for each address family, nothing for everybody; an empty list for nobody. */
function prefixes(ranges: readonly string[]): string[] {
  const v4 = disjoint(ranges.filter((range) => !range.includes(":")));
  const v6 = disjoint6(ranges.filter((range) => range.includes(":")));
  if (v4.includes("0.0.0.0/0")) return [""];
  return [
    ...(v4.length === 0 ? [] : [`ip saddr { ${v4.join(", ")} } `]),
    ...(v6.length === 0 ? [] : [`ip6 saddr { ${v6.join(", ")} } `]),
  ];
}

function portSet(ports: readonly PortRange[]): string {
  return `{ ${ports.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(", ")} }`;
}

function comment(reason: string): string {
  return `comment "${reason.replaceAll('"', "'").slice(0, COMMENT)}"`;
}

function matchOf(flow: Flow, prefix: string): string {
  if (prefix.startsWith("ip6 ") && flow.protocol === "icmp")
    return flow.icmp === undefined ? "meta l4proto ipv6-icmp " : `icmpv6 type ${flow.icmp.type} `;
  switch (flow.protocol) {
    case "tcp":
    case "udp":
      return `${flow.protocol} dport ${flow.from === "operator" ? sshPorts : portSet(flow.ports)} `;
    case "icmp":
      return flow.icmp === undefined
        ? "ip protocol icmp "
        : `icmp type ${flow.icmp.type} ${flow.icmp.code === undefined ? "" : `icmp code ${flow.icmp.code} `}`;
    case "ipip":
      return "ip protocol ipencap ";
    case "esp":
      return "meta l4proto esp ";
    case "sctp":
      return `sctp dport ${portSet(flow.ports)} `;
    case "any":
      return "meta nfproto ipv4 ";
    case "ah":
    case "gre":
    case "igmp":
    case "ospf":
    case "vrrp":
      // By its number: a minimal host may lack /etc/protocols.
      return `meta l4proto ${PROTOCOL_NUMBERS[flow.protocol]} `;
  }
}

/** Addresses and ranges a flow comes from; none means that nobody was written down. */
function rangesOf({ machines, ranges }: FirewallSpec, { from, ranges: listed }: Flow): readonly string[] {
  if (from === "listed") return listed ?? [];
  return isLeavingKind(from) ? longAddresses(machines[from]) : (ranges[from] ?? []);
}

function inputRules(firewall: FirewallSpec): string[] {
  const begins = new Map<string, string[]>();
  const prefixesOf = (flow: Flow): string[] => {
    if (flow.from === "listed") return prefixes(rangesOf(firewall, flow));
    const known = begins.get(flow.from) ?? prefixes(rangesOf(firewall, flow));
    begins.set(flow.from, known);
    return known;
  };
  return firewall.flows.flatMap((flow) => {
    if (flow.from === "serviceClient") return [];
    const rules = prefixesOf(flow).map(
      (prefix) => `    ${prefix}${matchOf(flow, prefix)}accept ${comment(flow.reason)}\n`,
    );
    return isLeavingKind(flow.from)
      ? [...rules, leavingRule(flow.from, matchOf(flow, "ip saddr "), flow.reason)]
      : rules;
  });
}

/** Lets in who is still there although the settings no longer have him. */
function leavingRule(kind: LeavingKind, match: string, reason: string): string {
  return `    ip saddr @${leavingSet(kind)} ${match}accept ${comment(`until it has left: ${reason}`)}\n`;
}

/** Members of etcd vote until they are removed, also where the settings have one left and no flow between several. */
function leavingMembers(spec: FirewallHost, { flows }: FirewallSpec): string {
  const open = flows.some((flow) => flow.ports.some(({ from }) => from === ETCD_PORTS.from));
  if (spec.machine.role !== "controlPlane" || open) return "";
  return leavingRule("controlPlane", `tcp dport ${portSet([ETCD_PORTS])} `, "etcd members");
}

/** The CNI's interfaces in nftables' quotes. */
function interfacesOf({ cni }: FirewallHost): { pods: string[]; overlay: string[] } {
  const { pods, overlay } = cni.interfaces;
  return { pods: pods.map((name) => `"${name}"`), overlay: overlay.map((name) => `"${name}"`) };
}

/** The host itself, its own pods and other nodes' pods. A set of names cannot hold patterns in every nft. */
function acceptInterfaces(spec: FirewallHost): string {
  const { pods, overlay } = interfacesOf(spec);
  const patterns = [...pods.filter((name) => name.endsWith('*"')), ...overlay];
  const names = ['"lo"', ...pods.filter((name) => !patterns.includes(name))];
  const lines = [names.length === 1 ? names[0] : `{ ${names.join(", ")} }`, ...patterns];
  return lines.map((names) => `    iifname ${names} accept\n`).join("");
}

/**
 * kube-proxy sends what comes to a NodePort on to a pod before any input chain sees it, so NodePorts are filtered
 * before that. Nobody written down: nobody from outside gets in.
 */
function nodePortRules(spec: FirewallHost, firewall: FirewallSpec): string {
  const flows = firewall.flows.filter((flow) => flow.from === "serviceClient");
  const rules = flows.flatMap((flow) => {
    const ranges = disjoint(rangesOf(firewall, flow));
    if (ranges.includes("0.0.0.0/0")) return [];
    const others = ranges.length === 0 ? "" : `ip saddr != { ${ranges.join(", ")} } `;
    return [`    fib daddr type local ${others}${matchOf(flow, others)}drop ${comment(flow.reason)}\n`];
  });
  if (rules.length === 0) return "";
  return `
  chain nodeports {
    type filter hook prerouting priority mangle; policy accept;
    ct state established,related accept
${acceptInterfaces(spec)}${rules.join("")}  }
`;
}

/**
 * The host's own table: what comes to the host is dropped unless a flow of the components in use ends here. It has no
 * forward chain: traffic of pods is kube-proxy's and the CNI's. Loading the file replaces the table in one step.
 */
export function firewallRules(spec: FirewallHost, firewall: FirewallSpec): string {
  const own =
    spec.machine.role === "loadBalancer"
      ? ""
      : [
          ...interfacesOf(spec).pods.map(
            (name) => `    iifname ${name} accept comment "this node's own pods"\n`,
          ),
          ...interfacesOf(spec).overlay.map(
            (name) =>
              `    iifname ${name} ip saddr ${spec.network.podCidr} accept comment "pods and nodes by their pod addresses"\n`,
          ),
        ].join("");
  return `include "${firewallSshPorts}"
table ${firewallTable} {
}
delete table ${firewallTable}
table ${firewallTable} {
${leavingSets()}  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept comment "replies"
    iifname "lo" accept
    udp sport 67 udp dport 68 accept comment "DHCP"
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept comment "DHCPv6"
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, nd-router-solicit, nd-redirect, mld-listener-query, packet-too-big } accept
${own}${inputRules(firewall).join("")}${leavingMembers(spec, firewall)}  }
${nodePortRules(spec, firewall)}}
include "${leavingFile.replace(/\.nft$/, "*.nft")}"
`;
}

const unitFile = systemdUnit(firewallUnit, {
  Unit: {
    Description: "Firewall made from the flows of the Kubernetes cluster",
    Documentation: "man:nft(8)",
    DefaultDependencies: "no",
    Wants: "network-pre.target",
    Before: "network-pre.target shutdown.target",
    // They flush tables at boot, or load whole rule sets.
    After: "local-fs.target nftables.service netfilter-persistent.service",
    Conflicts: "shutdown.target",
  },
  Service: {
    Type: "oneshot",
    RemainAfterExit: "yes",
    ExecStart: `/usr/sbin/nft -f ${firewallFile}`,
    ExecReload: `/usr/sbin/nft -f ${firewallFile}`,
    ExecStop: `-/usr/sbin/nft delete table ${firewallTable}`,
  },
  Install: { WantedBy: "sysinit.target" },
});

/**
 * nftables.service flushes every table when it starts, is reloaded and stops (Debian's and RHEL's unit, `flush ruleset`).
 * PartOf and ReloadPropagatedFrom would not see a start, so ours is loaded again by the unit itself.
 */
function flushedUnitFile(): RenderedFile {
  const again = `-/bin/sh -c 'if systemctl is-active --quiet ${firewallUnit}; then exec /usr/sbin/nft -f ${firewallFile}; fi'`;
  const keys = { ExecStartPost: again, ExecReload: again, ExecStopPost: again };
  return systemdUnit("nftables.service.d/pulumi-kubeadm.conf", { Service: keys });
}

/** Files by the firewall that they are rendered from: it is one object for all machines of a role. */
const rendered = new WeakMap<FirewallSpec, readonly RenderedFile[]>();

export function firewallFiles(spec: FirewallHost, firewall: FirewallSpec): readonly RenderedFile[] {
  const known = rendered.get(firewall);
  if (known !== undefined) return known;
  const files: readonly RenderedFile[] = [
    { path: firewallFile, mode: "0644", content: firewallRules(spec, firewall) },
    unitFile,
    firewallAddresses(firewall),
    flushedUnitFile(),
  ];
  rendered.set(firewall, files);
  return files;
}

/**
 * Puts the rules in force. Whoever is logged on now must still be let in afterwards: otherwise nothing is loaded, since
 * the next step could not reach the host either.
 */
export function firewallPhase(firewall: FirewallSpec, files: readonly RenderedFile[]): string {
  const [rules, unit, members, flushed] = files;
  const operators = firewall.ranges.operator ?? [];
  const v4 = disjoint(operators.filter((entry) => !entry.includes(":")));
  const v6 = disjoint6(operators.filter((entry) => entry.includes(":")));
  return [
    nodeScript("firewall-operators", {
      firewall_ssh_ports: firewallSshPorts,
      operators: v4.map(cidr),
      operators6: v6,
      open_to_all: v4.includes("0.0.0.0/0"),
    }),
    keepLeaving(putFile(members)),
    putFile(rules, "firewall-rules"),
    putFile(unit, firewallUnit),
    putFile(flushed),
    nodeScript("firewall-start", { rules_file: firewallFile }),
  ].join("");
}

const sources: Readonly<Record<Source, string>> = {
  node: "every node",
  controlPlane: "the control-plane nodes",
  loadBalancer: "the load balancer",
  pod: "pods",
  operator: "the ranges of access.ssh",
  apiClient: "clients of the API",
  serviceClient: "clients of services",
  any: "anywhere",
  listed: "firewall.allow",
};

/**
 * firewalld and ufw. With a firewall of ours they are turned off: two filters pass only what both let through. Without
 * one they are somebody's decision: what they must let through is listed, by roles, so that a new worker changes no script.
 */
export function foreignFirewalls(spec: Pick<NodeSetupSpec, "foreignFlows" | "network">): string {
  const flows = (spec.foreignFlows ?? []).map(({ protocol, ports, from, reason }) => {
    const list = ports
      .map((one) => (one.from === one.to ? `${one.from}` : `${one.from}-${one.to}`))
      .join(", ");
    return `${protocol}${list === "" ? "" : ` ${list}`} from ${sources[from]}: ${reason}`;
  });
  return `${giveBack()}${nodeScript("foreign-firewalls", {
    // None of ours: they filter on, and people are told what they must let through.
    theirs_stay: spec.foreignFlows !== undefined,
    foreign_flows: flows,
    pod_cidr: spec.network.podCidr,
  })}`;
}

/** Turns on again what was turned off for the cluster's own firewall, which is gone by now. */
export function giveBack(): string {
  return nodeScript("give-back");
}
