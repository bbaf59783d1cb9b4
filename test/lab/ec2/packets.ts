/**
 * What the region's router lets through, as one set of nftables rules out of the account's data.
 *
 * - Security groups, by "Security group rules" (VPC User Guide): stateful; a packet leaves by a rule of its sender's groups and
 *   arrives by one of its receiver's; a group that a rule names stands for the private addresses of what is in it.
 * - The source/destination check, per interface.
 * - Internet gateways: one public address to one private address, both ways; NAT gateways: from within only.
 * - The metadata service answers with the hop limit of the instance as time to live. EC2 does so for the answer to the PUT
 *   alone, which nobody gets any further without.
 * - An ICMP error is no answer: it arrives by a rule ("Network maximum transmission unit", EC2 User Guide), and leaves by itself.
 * - Metadata and the VPC's name server are reached whatever the groups say.
 *
 * - What is outside the VPC is reached by a route alone; S3 also by a gateway endpoint's, and services at the addresses of their endpoints.
 *
 * Not simulated: network ACLs, prefix lists, IPv6, the limits of connection tracking.
 */
import type { AccountData } from "../../engine/providers/aws/account";
import { wayOut, wayTo, type Ec2Instance } from "./account";
import { balancerRules, type BalancerFlow, type BalancerRules } from "./balancers/rules";
import { cutOff } from "./cutOff";
import { ARRIVING, EGRESS, INGRESS, LEAVING, rulesOf } from "./groupRules";
import { METADATA_ADDRESS } from "./metadata";
import { endpointsOf, leadsToS3, type ServiceEndpoint } from "./serviceEndpoints";

/** An instance with its interface of the router. */
export interface Port {
  readonly device: string;
  readonly instance: Ec2Instance;
}

export interface Surroundings {
  /** Where the region's services answer on the internet. */
  readonly services: string;
  /** The same of S3. */
  readonly s3: string;
  /** Where else something outside listens: the lab's servers. */
  readonly outside: readonly string[];
  readonly resolver: string;
  /** Balancers' listeners, with their targets of the moment; default none. */
  readonly flows?: readonly BalancerFlow[];
  /** Zones that are cut off from everything else; default none. */
  readonly cutZones?: readonly string[];
}

export function packetRules(account: AccountData, ports: readonly Port[], around: Surroundings): string {
  const { flows = [], cutZones = [] } = around;
  const endpoints =
    ports.length === 0 ? [] : endpointsOf(account).filter(({ addresses }) => addresses.length > 0);
  const chains = ports.flatMap(({ device, instance: { groups } }) => [
    chain(`out_${device}`, [...rulesOf(account, EGRESS, groups, LEAVING, "return"), "counter drop"]),
    chain(`in_${device}`, [...rulesOf(account, INGRESS, groups, ARRIVING, "accept"), "counter drop"]),
  ]);
  const balanced = balancerRules(account, flows, ports);
  const cut = cutOff(cutZones, ports, flows, [METADATA_ADDRESS, around.resolver]);
  return [
    "table inet ec2",
    "delete table inet ec2",
    "table inet ec2 {",
    ...chains,
    ...endpoints.map((one) =>
      chain(chainOf(one), [...rulesOf(account, INGRESS, one.groups, ARRIVING, "accept"), "counter drop"]),
    ),
    ...balanced.chains,
    ...baseChain("sources", "filter hook prerouting priority raw; policy accept;", sourceChecks(ports)),
    ...baseChain("translate_in", "nat hook prerouting priority dstnat; policy accept;", [
      ...balanced.picks,
      ...toServices(endpoints, ports, around.services),
      ...toPrivate(ports),
    ]),
    ...baseChain("routed", "filter hook forward priority filter; policy drop;", [
      ...cut.routed,
      ...routed(account, ports, balanced),
    ]),
    ...baseChain("served", "filter hook input priority filter; policy accept;", [
      ...cut.served,
      ...served(account, ports, around, endpoints),
    ]),
    ...baseChain("answers", "filter hook output priority filter; policy accept;", [
      ...cut.answers,
      ...answers(ports, balanced),
    ]),
    ...baseChain("translate_out", "nat hook postrouting priority srcnat; policy accept;", [
      ...balanced.hides,
      ...toPublic(account, ports),
    ]),
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

/** Names of chains are letters, digits and underscores. */
function chainOf({ id }: ServiceEndpoint): string {
  return `in_${id.replace(/\W/g, "_")}`;
}

function toServices(
  endpoints: readonly ServiceEndpoint[],
  ports: readonly Port[],
  services: string,
): string[] {
  const addresses = endpoints.flatMap((one) => one.addresses);
  if (addresses.length === 0) return [];
  return [
    `iifname { ${devicesOf(ports)} } ip daddr { ${addresses.join(", ")} } tcp dport 443 dnat ip to ${services}`,
  ];
}

function devicesOf(ports: readonly Port[]): string {
  return ports.map(({ device }) => `"${device}"`).join(", ");
}

function withPublic(ports: readonly Port[]): Port[] {
  return ports.filter(({ instance }) => instance.publicAddress !== "");
}

/** Whether an instance gets out of its VPC: by a gateway and a public address, or by NAT. */
function getsOut(account: AccountData, instance: Ec2Instance): boolean {
  const way = wayOut(account, instance.subnetId);
  return way === "nat" || (way === "internet" && instance.publicAddress !== "");
}

/** Which of these addresses outside the VPC an instance reaches. */
function reachedBy(
  account: AccountData,
  { subnetId, publicAddress }: Ec2Instance,
  around: Surroundings,
): string[] {
  return [...around.outside, around.services, around.s3].filter((address) => {
    if (address === around.s3 && leadsToS3(account, subnetId)) return true;
    const way = wayTo(account, subnetId, address);
    return way === "nat" || way === "peer" || (way === "internet" && publicAddress !== "");
  });
}

function routed(account: AccountData, ports: readonly Port[], balanced: BalancerRules): string[] {
  const own = devicesOf(ports);
  if (own === "") return [];
  const hasWay = ports
    .filter(({ instance }) => getsOut(account, instance))
    .map(({ device }) => `"${device}"`);
  return [
    ...balanced.ends,
    "ct state established accept",
    "ct state invalid drop",
    ...ports.map(({ device }) => `oifname "${device}" ct state related jump in_${device}`),
    "ct state related accept",
    ...ports.map(({ device }) => `iifname "${device}" jump out_${device}`),
    ...balanced.passes,
    // From outside by a public address alone: private ones mean nothing there.
    ...ports.flatMap(({ device }) => [
      `iifname { ${own} } oifname "${device}" jump in_${device}`,
      `oifname "${device}" ct status dnat jump in_${device}`,
    ]),
    ...(hasWay.length === 0 ? [] : [`iifname { ${hasWay.join(", ")} } oifname != { ${own} } accept`]),
  ];
}

function served(
  account: AccountData,
  ports: readonly Port[],
  around: Surroundings,
  endpoints: readonly ServiceEndpoint[],
): string[] {
  if (ports.length === 0) return [];
  const own = devicesOf(ports);
  const inEndpoints = endpoints.flatMap(({ addresses }) => addresses);
  const nodes = [...new Set([...(around.flows ?? []).map(({ node }) => node.address), ...inEndpoints])];
  return [
    // A port without a listener is silent.
    ...(nodes.length === 0 ? [] : [`iifname != { ${own} } ip daddr { ${nodes.join(", ")} } counter drop`]),
    `iifname != { ${own} } accept`,
    "ct state established,related accept",
    `ip daddr ${METADATA_ADDRESS} tcp dport 80 accept`,
    `ip daddr ${around.resolver} meta l4proto { tcp, udp } th dport 53 accept`,
    ...(inEndpoints.length === 0
      ? []
      : ports.map(
          ({ device }) =>
            `iifname "${device}" ct original ip daddr { ${inEndpoints.join(", ")} } jump out_${device}`,
        )),
    // It accepts or drops.
    ...endpoints.map((one) => `ct original ip daddr { ${one.addresses.join(", ")} } jump ${chainOf(one)}`),
    ...ports.flatMap(({ device, instance }) => {
      const reached = reachedBy(account, instance, around);
      return reached.length === 0
        ? []
        : [
            `iifname "${device}" jump out_${device}`,
            `iifname "${device}" ip daddr { ${reached.join(", ")} } accept`,
          ];
    }),
    "counter drop",
  ];
}

/** Nothing of this machine reaches an instance but answers and what balancers ask: who wants in comes through its groups. */
function answers(ports: readonly Port[], balanced: BalancerRules): string[] {
  if (ports.length === 0) return [];
  return [
    ...ports.map(
      ({ device, instance }) =>
        `oifname "${device}" ip saddr ${METADATA_ADDRESS} ip ttl set ${instance.hopLimit}`,
    ),
    "ct state established accept",
    ...ports.map(({ device }) => `oifname "${device}" ct state related jump in_${device}`),
    ...balanced.checks,
    `oifname { ${devicesOf(ports)} } counter drop`,
  ];
}

function toPublic(account: AccountData, ports: readonly Port[]): string[] {
  const own = devicesOf(ports);
  return withPublic(ports)
    .filter(({ instance }) => getsOut(account, instance))
    .flatMap(({ device, instance }) => [
      // Also to a neighbour's public address, which goes out and comes back in.
      `iifname "${device}" oifname { ${own} } ct status dnat snat ip to ${instance.publicAddress}`,
      `iifname "${device}" oifname != { ${own} } snat ip to ${instance.publicAddress}`,
    ]);
}
