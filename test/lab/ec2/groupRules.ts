/** Rules of security groups, as nftables words and as a question about one packet. */
import type { AccountData } from "../../engine/providers/aws/account";
import { network, numberOf } from "../../engine/providers/aws/addresses";
import { text, texts } from "../../engine/providers/aws/scope";
import type { Values } from "../../engine/providers/shared/values";
import { objectsOf } from "./account";

export const INGRESS = "vpc.SecurityGroupIngressRule";
export const EGRESS = "vpc.SecurityGroupEgressRule";
export type Direction = typeof INGRESS | typeof EGRESS;

/** By which nftables' words a rule looks at the other end and at the port. */
export interface Looks {
  readonly address: string;
  readonly port: string;
}

/** What a packet shows its receiver. */
export const ARRIVING: Looks = { address: "ip saddr", port: "th dport" };
/** Where its sender sent it, whatever gateway or balancer it went through since. */
export const LEAVING: Looks = { address: "ct original ip daddr", port: "ct original proto-dst" };
/** Who sent it, and the port that it was sent to. */
export const ASKING: Looks = { address: "ip saddr", port: "ct original proto-dst" };

/**
 * The rules of all groups, one line each.
 * @param besides groups whose members the packet comes from, whatever address it shows: a balancer's
 */
export function rulesOf(
  account: AccountData,
  direction: Direction,
  groups: readonly string[],
  looks: Looks,
  verdict: "accept" | "return",
  besides: readonly string[] = [],
): string[] {
  return rulesIn(account, direction, groups).flatMap((rule) => {
    const match = protocolWords(rule, looks.port);
    if (match === undefined) return [];
    const end = `${match}counter ${verdict}`;
    if (besides.includes(text(rule["referencedSecurityGroupId"]))) return [end];
    const addresses = addressesOf(account, rule);
    if (addresses.length === 0) return [];
    return [addresses.includes("0.0.0.0/0") ? end : `${looks.address} { ${addresses.join(", ")} } ${end}`];
  });
}

/** One end of a packet. */
export interface End {
  readonly address: string;
  readonly groups: readonly string[];
}

/** Whether a rule of these groups lets a packet of this protocol and port pass, to or from this end. */
export function admits(
  account: AccountData,
  direction: Direction,
  groups: readonly string[],
  other: End,
  protocol: string,
  port: number,
): boolean {
  return rulesIn(account, direction, groups).some((rule) => {
    if (![protocol, "-1"].includes(text(rule["ipProtocol"]))) return false;
    const [from, to] = portsOf(rule);
    if (text(rule["ipProtocol"]) !== "-1" && from !== -1 && (port < from || port > to)) return false;
    if (other.groups.includes(text(rule["referencedSecurityGroupId"]))) return true;
    const range = network(text(rule["cidrIpv4"]));
    const value = numberOf(other.address);
    return range !== undefined && value >= range.first && value <= range.last;
  });
}

function rulesIn(account: AccountData, direction: Direction, groups: readonly string[]): Values[] {
  return Object.values(objectsOf(account, direction)).filter((rule) =>
    groups.includes(text(rule["securityGroupId"])),
  );
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

function portsOf(rule: Values): [number, number] {
  return [Number(rule["fromPort"] ?? -1), Number(rule["toPort"] ?? -1)];
}

/** Protocol and ports, with a space behind; ICMP's type and code stand where ports do, -1 for all. */
function protocolWords(rule: Values, ports: string): string | undefined {
  const protocol = text(rule["ipProtocol"]);
  const [from, to] = portsOf(rule);
  switch (protocol) {
    case "-1":
      return "";
    case "tcp":
    case "udp":
      return from === -1 ? `meta l4proto ${protocol} ` : `meta l4proto ${protocol} ${ports} ${from}-${to} `;
    case "icmp":
      if (from === -1) return "meta l4proto icmp ";
      return to === -1 ? `icmp type ${from} ` : `icmp type ${from} icmp code ${to} `;
    default:
      return /^\d+$/.test(protocol) ? `meta l4proto ${protocol} ` : undefined;
  }
}
