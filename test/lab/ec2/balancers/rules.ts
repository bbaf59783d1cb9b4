/**
 * How the router passes a balancer's packets on: a new connection to a node goes to one of its targets, and stays with it. By "Client IP
 * preservation" and "Security groups" of the User Guide for Network Load Balancers:
 *
 * - Target groups that preserve the client's address leave it in the packet, so that a target which is its own client takes
 *   the packet for a forged one. Others put the node's address in its place.
 * - A connection passes by a rule of the balancer's groups for the client, one of them for the target, and one of the target's
 *   groups: for the balancer's group, or for the address that the packet shows.
 *
 * From within a VPC nobody reaches an internet-facing balancer by its public addresses: that way out and back is not simulated.
 */
import type { AccountData } from "../../../engine/providers/aws/account";
import { ARRIVING, ASKING, EGRESS, INGRESS, admits, rulesOf } from "../groupRules";
import type { Port } from "../packets";
import type { Balancer, BalancerNode, Listener } from "./shape";

/** A listener at one node. */
export interface BalancerFlow {
  readonly balancer: Balancer;
  readonly node: BalancerNode;
  readonly listener: Listener;
  /** Where new connections go. */
  readonly targets: readonly { readonly port: Port; readonly number: number }[];
  /** Addresses of targets whose connections end. */
  readonly ended: readonly string[];
}

export interface BalancerRules {
  readonly chains: readonly string[];
  /** A node's address becomes a target's. */
  readonly picks: readonly string[];
  /** Before anything that lets known connections pass. */
  readonly ends: readonly string[];
  /** Before the rules of instances. */
  readonly passes: readonly string[];
  /** The client's address becomes the node's, or stays. */
  readonly hides: readonly string[];
  /** What nodes send by themselves: health checks. */
  readonly checks: readonly string[];
}

export function balancerRules(
  account: AccountData,
  flows: readonly BalancerFlow[],
  ports: readonly Port[],
): BalancerRules {
  const own = ports.map(({ device }) => `"${device}"`).join(", ");
  const used = own === "" ? [] : flows;
  return {
    chains: used.flatMap((flow) => chainsOf(account, flow, own)),
    picks: used
      .filter(({ targets }) => targets.length > 0)
      .map((flow) => {
        const { listener } = flow;
        return `ip daddr { ${addressesOf(flow).join(", ")} } ${listener.protocol} dport ${listener.port} goto ${nameOf(flow)}_pick`;
      }),
    ends: used
      .filter(({ ended }) => ended.length > 0)
      .map(
        (flow) =>
          `${sentTo(flow)} ct reply ip saddr { ${[...new Set(flow.ended)].join(", ")} } ${
            flow.listener.protocol === "tcp" ? "reject with tcp reset" : "drop"
          }`,
      ),
    passes: used.map((flow) => `${sentTo(flow)} goto ${nameOf(flow)}`),
    hides: used.map((flow) =>
      flow.listener.group.preservesClient
        ? `${sentTo(flow)} accept`
        : `${sentTo(flow)} snat ip to ${flow.node.address}`,
    ),
    checks: used.flatMap((flow) => checksOf(account, flow, ports)),
  };
}

function addressesOf({ node }: BalancerFlow): string[] {
  return [node.address, node.publicAddress].filter((address) => address !== "");
}

/** Names of chains are letters, digits and underscores. */
function nameOf({ node, listener }: BalancerFlow): string {
  return `lb_${node.id.replace(/\W/g, "_")}_${listener.protocol}_${listener.port}`;
}

function sentTo(flow: BalancerFlow): string {
  const { protocol, port } = flow.listener;
  return `ct original ip daddr { ${addressesOf(flow).join(", ")} } meta l4proto ${protocol} ct original proto-dst ${port}`;
}

function chain(name: string, lines: readonly string[]): string {
  return `  chain ${name} {\n${lines.map((line) => `    ${line}\n`).join("")}  }`;
}

function chainsOf(account: AccountData, flow: BalancerFlow, own: string): string[] {
  const { balancer, node, listener, targets } = flow;
  const name = nameOf(flow);
  const picks = targets.map((_, index) => `${index} : goto ${name}_to${index}`).join(", ");
  const asked = rulesOf(account, INGRESS, balancer.groups, ASKING, "return");
  return [
    ...targets.flatMap(({ port, number }, index) => [
      chain(`${name}_to${index}`, [
        `meta l4proto ${listener.protocol} dnat ip to ${port.instance.address}:${number}`,
      ]),
      chain(`${name}_at${index}`, arriving(account, flow, port, number)),
    ]),
    ...(targets.length === 0
      ? []
      : [chain(`${name}_pick`, [`numgen random mod ${targets.length} vmap { ${picks} }`])]),
    ...(balancer.groups.length === 0 ? [] : [chain(`${name}_asked`, [...asked, "counter drop"])]),
    chain(name, [
      ...(balancer.internal ? [`iifname != { ${own} } counter drop`] : []),
      ...(node.publicAddress === ""
        ? []
        : [`iifname { ${own} } ct original ip daddr ${node.publicAddress} counter drop`]),
      ...(balancer.groups.length === 0 ? [] : [`jump ${name}_asked`]),
      ...targets.map(({ port }, index) => `oifname "${port.device}" goto ${name}_at${index}`),
      "counter drop",
    ]),
  ];
}

function arriving(account: AccountData, flow: BalancerFlow, { instance }: Port, number: number): string[] {
  const { balancer, node, listener } = flow;
  const { protocol, group } = listener;
  if (!sends(account, balancer, instance, protocol, number)) return ["counter drop"];
  if (group.preservesClient)
    return [
      ...rulesOf(account, INGRESS, instance.groups, ARRIVING, "accept", balancer.groups),
      "counter drop",
    ];
  const from = { address: node.address, groups: balancer.groups };
  return [admits(account, INGRESS, instance.groups, from, protocol, number) ? "accept" : "counter drop"];
}

function sends(
  account: AccountData,
  { groups }: Balancer,
  instance: Port["instance"],
  protocol: string,
  number: number,
): boolean {
  return groups.length === 0 || admits(account, EGRESS, groups, instance, protocol, number);
}

function checksOf(
  account: AccountData,
  { balancer, node, listener }: BalancerFlow,
  ports: readonly Port[],
): string[] {
  const { group } = listener;
  return group.targets.flatMap((target) => {
    const found = ports.find(({ instance }) => instance.id === target.instance);
    if (found === undefined) return [];
    const { instance, device } = found;
    const number = group.check.port === "traffic-port" ? target.port : Number(group.check.port);
    const from = { address: node.address, groups: balancer.groups };
    const passes =
      sends(account, balancer, instance, "tcp", number) &&
      admits(account, INGRESS, instance.groups, from, "tcp", number);
    return passes
      ? [
          `ip saddr ${node.address} ip daddr ${instance.address} oifname "${device}" tcp dport ${number} accept`,
        ]
      : [];
  });
}
