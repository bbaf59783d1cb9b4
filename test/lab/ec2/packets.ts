/**
 * What the region's router lets through, as one set of nftables rules out of the account's data.
 *
 * - Security groups, by "Security group rules" (VPC User Guide): stateful; a packet leaves by a rule of its sender's groups and
 *   arrives by one of its receiver's; a group that a rule names stands for the private addresses of what is in it.
 * - The source/destination check, per interface.
 * - Internet gateways: one public address to one private address, both ways; NAT gateways: from within only.
 * - The metadata service answers with the hop limit of the instance as time to live. EC2 does so for the answer to the PUT
 *   alone, which nobody gets any further without.
 * - Metadata and the VPC's name server are reached whatever the groups say.
 *
 * Not simulated: network ACLs, prefix lists, IPv6, peering, endpoints (names lead to the same address with and without one), the limits
 * of connection tracking.
 */
import type { AccountData } from "../../engine/providers/aws/account";
import { text, texts } from "../../engine/providers/aws/scope";
import type { Values } from "../../engine/providers/shared/values";
import { objectsOf, wayOut, type Ec2Instance } from "./account";
import { METADATA_ADDRESS } from "./metadata";

/** An instance with its interface of the router. */
export interface Port {
  readonly device: string;
  readonly instance: Ec2Instance;
}

export interface Surroundings {
  /** Where the region's own services and the lab's servers listen: the internet, to an instance. */
  readonly services: readonly string[];
  readonly resolver: string;
}

const INGRESS = "vpc.SecurityGroupIngressRule";
const EGRESS = "vpc.SecurityGroupEgressRule";

export function packetRules(account: AccountData, ports: readonly Port[], around: Surroundings): string {
  const chains = ports.flatMap(({ device, instance }) => [
    chain(`out_${device}`, [...rulesOf(account, EGRESS, instance, "daddr", "return"), "counter drop"]),
    chain(`in_${device}`, [...rulesOf(account, INGRESS, instance, "saddr", "accept"), "counter drop"]),
  ]);
  return [
    "table inet ec2",
    "delete table inet ec2",
    "table inet ec2 {",
    ...chains,
    ...baseChain("sources", "filter hook prerouting priority raw; policy accept;", sourceChecks(ports)),
    ...baseChain("translate_in", "nat hook prerouting priority dstnat; policy accept;", toPrivate(ports)),
    ...baseChain("routed", "filter hook forward priority filter; policy drop;", routed(account, ports)),
    ...baseChain(
      "served",
      "filter hook input priority filter; policy accept;",
      served(account, ports, around),
    ),
    ...baseChain("answers", "filter hook output priority filter; policy accept;", answers(ports)),
    ...baseChain(
      "translate_out",
      "nat hook postrouting priority srcnat; policy accept;",
      toPublic(account, ports),
    ),
    "}",
    "",
  ].join("\n");
}

function chain(name: string, lines: readonly string[]): string {
  return `  chain ${name} {\n${lines.map((line) => `    ${line}\n`).join("")}  }`;
}

function baseChain(name: string, hook: string, lines: readonly string[]): string[] {
  return [chain(name, [`type ${hook}`, ...lines])];
}

function sourceChecks(ports: readonly Port[]): string[] {
  return ports
    .filter(({ instance }) => instance.sourceDestCheck)
    .map(({ device, instance }) => `iifname "${device}" ip saddr != ${instance.address} counter drop`);
}

function toPrivate(ports: readonly Port[]): string[] {
  return withPublic(ports).map(
    ({ instance }) => `ip daddr ${instance.publicAddress} dnat ip to ${instance.address}`,
  );
}

function withPublic(ports: readonly Port[]): Port[] {
  return ports.filter(({ instance }) => instance.publicAddress !== "");
}

/** Whether an instance gets out of its VPC: by a gateway and a public address, or by NAT. */
function getsOut(account: AccountData, instance: Ec2Instance): boolean {
  const way = wayOut(account, instance.subnetId);
  return way === "nat" || (way === "internet" && instance.publicAddress !== "");
}

function routed(account: AccountData, ports: readonly Port[]): string[] {
  const own = ports.map(({ device }) => `"${device}"`).join(", ");
  if (own === "") return [];
  const hasWay = ports
    .filter(({ instance }) => getsOut(account, instance))
    .map(({ device }) => `"${device}"`);
  return [
    "ct state established,related accept",
    "ct state invalid drop",
    ...ports.map(({ device }) => `iifname "${device}" jump out_${device}`),
    // From outside by a public address alone: private ones mean nothing there.
    ...ports.flatMap(({ device }) => [
      `iifname { ${own} } oifname "${device}" jump in_${device}`,
      `oifname "${device}" ct status dnat jump in_${device}`,
    ]),
    ...(hasWay.length === 0 ? [] : [`iifname { ${hasWay.join(", ")} } oifname != { ${own} } accept`]),
  ];
}

function served(account: AccountData, ports: readonly Port[], around: Surroundings): string[] {
  if (ports.length === 0) return [];
  const own = ports.map(({ device }) => `"${device}"`).join(", ");
  return [
    `iifname != { ${own} } accept`,
    "ct state established,related accept",
    `ip daddr ${METADATA_ADDRESS} tcp dport 80 accept`,
    `ip daddr ${around.resolver} meta l4proto { tcp, udp } th dport 53 accept`,
    ...ports.flatMap(({ device, instance }) =>
      getsOut(account, instance)
        ? [
            `iifname "${device}" jump out_${device}`,
            `iifname "${device}" ip daddr { ${around.services.join(", ")} } accept`,
          ]
        : [],
    ),
    "counter drop",
  ];
}

/** Nothing of this machine reaches an instance but answers: who wants in comes through its groups. */
function answers(ports: readonly Port[]): string[] {
  if (ports.length === 0) return [];
  return [
    ...ports.map(
      ({ device, instance }) =>
        `oifname "${device}" ip saddr ${METADATA_ADDRESS} ip ttl set ${instance.hopLimit}`,
    ),
    "ct state established,related accept",
    `oifname { ${ports.map(({ device }) => `"${device}"`).join(", ")} } counter drop`,
  ];
}

function toPublic(account: AccountData, ports: readonly Port[]): string[] {
  const own = ports.map(({ device }) => `"${device}"`).join(", ");
  return withPublic(ports)
    .filter(({ instance }) => getsOut(account, instance))
    .flatMap(({ device, instance }) => [
      // Also to a neighbour's public address, which goes out and comes back in.
      `iifname "${device}" oifname { ${own} } ct status dnat snat ip to ${instance.publicAddress}`,
      `iifname "${device}" oifname != { ${own} } snat ip to ${instance.publicAddress}`,
    ]);
}

function rulesOf(
  account: AccountData,
  kind: string,
  instance: Ec2Instance,
  side: "saddr" | "daddr",
  verdict: "accept" | "return",
): string[] {
  return Object.values(objectsOf(account, kind))
    .filter((rule) => instance.groups.includes(text(rule["securityGroupId"])))
    .flatMap((rule) => {
      const addresses = addressesOf(account, rule);
      if (addresses.length === 0) return [];
      const match = protocolOf(rule);
      const from = addresses.includes("0.0.0.0/0") ? "" : `ip ${side} { ${addresses.join(", ")} } `;
      return match === undefined ? [] : [`${from}${match} counter ${verdict}`];
    });
}

function addressesOf(account: AccountData, rule: Values): string[] {
  const range = text(rule["cidrIpv4"]);
  if (range !== "") return [range];
  const named = text(rule["referencedSecurityGroupId"]);
  if (named === "") return [];
  const inside = Object.values(objectsOf(account, "interface")).filter((one) =>
    texts(one["groups"]).includes(named),
  );
  return [...new Set(inside.map((one) => text(one["address"])))];
}

/** Ports of a rule; ICMP's type and code stand where ports do, -1 for all. */
function protocolOf(rule: Values): string | undefined {
  const protocol = text(rule["ipProtocol"]);
  const [from, to] = [Number(rule["fromPort"] ?? -1), Number(rule["toPort"] ?? -1)];
  switch (protocol) {
    case "-1":
      return "";
    case "tcp":
    case "udp":
      return from === -1 ? `meta l4proto ${protocol}` : `${protocol} dport ${from}-${to}`;
    case "icmp":
      if (from === -1) return "meta l4proto icmp";
      return to === -1 ? `icmp type ${from}` : `icmp type ${from} icmp code ${to}`;
    default:
      return /^\d+$/.test(protocol) ? `meta l4proto ${protocol}` : undefined;
  }
}
