/** Security groups as EC2 judges them: stateful, whatever any group of an interface lets pass passes. */
import type { Range } from "../network/addresses";
import type { CloudPlan, GroupRulePlan, InterfacePlan } from "./cloud";
import { packetText, protocolText, within, type Packet } from "./packet";

/** Who is at the other end, as a security group sees it. */
export interface Peer {
  readonly label: string;
  /** Its groups; empty where the packet has another address than theirs: references match private addresses alone. */
  readonly groups: readonly string[];
  /** Address or range that the packet has; undefined: not known before it is created. */
  readonly range?: Range | undefined;
}

export interface Marks {
  /** Names of the rules that let something pass. */
  readonly used: Set<string>;
}

/**
 * @returns why a packet does not pass; undefined where it does
 * @param owner the interface whose groups are asked
 */
export function stoppedByGroups(
  cloud: CloudPlan,
  owner: Pick<InterfacePlan, "groups" | "label">,
  direction: "in" | "out",
  peer: Peer,
  packet: Packet,
  marks: Marks,
): string | undefined {
  const own = owner.groups.filter((group) => cloud.groups.has(group));
  if (owner.groups.length === 0)
    return `${owner.label} is in no security group of the plan, so it has its VPC's default group, which lets nothing ${direction} from here`;
  const rules = cloud.rules.filter((rule) => rule.direction === direction && own.includes(rule.group));
  const passing = rules.filter((rule) => fits(rule, packet) && names(rule, peer));
  for (const { name } of passing) marks.used.add(name);
  if (passing.length > 0 || own.length < owner.groups.length) return undefined;
  const way = direction === "in" ? `in from ${peer.label}` : `out to ${peer.label}`;
  return `security group ${own.join(", ")} lets no ${packetText(packet)} ${way}${nearest(rules, peer, packet)}`;
}

function fits(rule: GroupRulePlan, { protocol, port, icmp }: Packet): boolean {
  if (rule.protocol === "-1") return true;
  if (rule.protocol !== protocol) return false;
  if (icmp !== undefined)
    return anyOr(rule.from, icmp.type) && (rule.from === -1 || anyOr(rule.to, icmp.code));
  if (port === undefined) return true;
  return rule.from !== undefined && rule.to !== undefined && rule.from <= port && port <= rule.to;
}

function anyOr(given: number | undefined, wanted: number): boolean {
  return given === -1 || given === wanted;
}

function names(rule: GroupRulePlan, peer: Peer): boolean {
  if (rule.peer !== undefined) return peer.groups.includes(rule.peer);
  return rule.range !== undefined && peer.range !== undefined && within(peer.range, rule.range);
}

/** Rules that somebody may have meant: the same port from another peer, and the same peer by the port that is next to it. */
function nearest(rules: readonly GroupRulePlan[], peer: Peer, packet: Packet): string {
  const sameWhat = rules
    .filter((rule) => rule.protocol !== "-1" && fits(rule, packet))
    .sort((a, b) => Number(a.peer === undefined) - Number(b.peer === undefined))
    .slice(0, MOST_NEAR)
    .map((rule) => `${rule.name} names ${rule.peer ?? rule.range?.text ?? "nobody"}`);
  const distance = ({ from = 0, to = 0 }: GroupRulePlan): number =>
    Math.min(Math.abs(from - (packet.port ?? 0)), Math.abs(to - (packet.port ?? 0)));
  const [sameWho] = rules
    .filter((rule) => rule.protocol === packet.protocol && names(rule, peer))
    .sort((a, b) => distance(a) - distance(b));
  const near = [
    ...sameWhat,
    ...(sameWho === undefined
      ? []
      : [`${sameWho.name} is for ${protocolText(sameWho.protocol)} ${portsText(sameWho)}`]),
  ];
  return near.length === 0 ? "" : `; near it: ${near.join(", ")}`;
}

const MOST_NEAR = 2;

function portsText({ from, to }: GroupRulePlan): string {
  return from === to ? String(from) : `${from}-${to}`;
}
