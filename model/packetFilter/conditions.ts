import { parseAddress, parseRange, rangeOf } from "../network/addresses";
import type { Condition, Fit, Probe } from "./rules";

/** Numbers of protocols and what the tools call them (IANA Protocol Numbers; iptables' `ipencap`). */
const PROTOCOLS: Readonly<Record<string, Probe["protocol"] | "other">> = {
  tcp: "tcp",
  "6": "tcp",
  udp: "udp",
  "17": "udp",
  icmp: "icmp",
  "1": "icmp",
  ipencap: "ipip",
  ipip: "ipip",
  "4": "ipip",
  esp: "esp",
  "50": "esp",
};

/** An interval of addresses or ports, both ends inclusive. */
interface Interval {
  readonly first: number;
  readonly last: number;
}

export const unknown: Condition = () => "maybe";
export const never: Condition = () => "no";

export function protocolIs(names: readonly string[]): Condition {
  return (probe) =>
    names.some((name) => name === "all" || name === "0" || PROTOCOLS[name.toLowerCase()] === probe.protocol)
      ? "yes"
      : "no";
}

/** The packet opens a connection: it belongs to none, and is not broken. */
export function stateIs(states: readonly string[]): Condition {
  return () => (states.some((state) => state.toLowerCase() === "new") ? "yes" : "no");
}

export function portIs(intervals: readonly (Interval | undefined)[]): Condition {
  return ({ port, protocol }) => {
    if (protocol !== "tcp" && protocol !== "udp") return "no";
    if (port === undefined) return "maybe";
    return anyFit(intervals.map((one) => inside({ first: port, last: port }, one)));
  };
}

/** Clients, and VXLAN too, send from ports that the kernel chooses; those below 1024 it never does (ip(7), ip_local_port_range). */
export function sourcePortIs(intervals: readonly (Interval | undefined)[]): Condition {
  const chosen = { first: 1024, last: 65535 };
  return ({ protocol }) => {
    if (protocol !== "tcp" && protocol !== "udp") return "no";
    return anyFit(intervals.map((one) => inside(chosen, one)));
  };
}

export function addressIs(side: "from" | "to", intervals: readonly (Interval | undefined)[]): Condition {
  return (probe) => anyFit(intervals.map((one) => inside(probe[side], one)));
}

/** @param wildcard what ends a name that is a beginning: `*` of nftables, `+` of iptables */
export function interfaceIs(
  side: "incoming" | "outgoing",
  names: readonly string[],
  wildcard: "*" | "+",
): Condition {
  return (probe) => {
    // What ends at the host leaves by none, and comes from elsewhere.
    if (side === "outgoing" && probe.hook === "input") return "no";
    const known = probe[side];
    if (known.length === 0) return names.every((name) => name === "lo") ? "no" : "maybe";
    const fits = known.map((own) => anyFit(names.map((name) => nameFits(own, name, wildcard))));
    return fits.every((fit) => fit === "yes") ? "yes" : fits.every((fit) => fit === "no") ? "no" : "maybe";
  };
}

function nameFits(own: string, name: string, wildcard: string): Fit {
  const begins = name.endsWith(wildcard);
  const wanted = begins ? name.slice(0, -1) : name;
  if (!own.endsWith("*")) return (begins ? own.startsWith(wanted) : own === wanted) ? "yes" : "no";
  const beginning = own.slice(0, -1);
  if (begins && beginning.startsWith(wanted)) return "yes";
  return wanted.startsWith(beginning) || (begins && beginning.startsWith(wanted)) ? "maybe" : "no";
}

function anyFit(fits: readonly Fit[]): Fit {
  return fits.includes("yes") ? "yes" : fits.includes("maybe") ? "maybe" : "no";
}

function inside(own: Interval, other: Interval | undefined): Fit {
  if (other === undefined) return "maybe";
  if (other.first <= own.first && own.last <= other.last) return "yes";
  return other.last < own.first || own.last < other.first ? "no" : "maybe";
}

/** Addresses as `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`; undefined: something else, a name or IPv6. */
export function addresses(text: string): Interval | undefined {
  const [address = "", mask] = text.split("/");
  const first = parseAddress(address);
  if (first === undefined) return undefined;
  if (mask === undefined) return { first, last: first };
  const length = mask.includes(".") ? prefixOf(mask) : Number(mask);
  const parsed = parseRange(`${address}/${length}`);
  return "problem" in parsed ? rangeOf(first, Math.min(32, length || 0)) : parsed;
}

function prefixOf(mask: string): number {
  const number = parseAddress(mask) ?? 0xffffffff;
  return number === 0 ? 0 : 32 - Math.log2(2 ** 32 - number);
}

/** `22`, `80-90` or `80:90`; undefined: a name of a service. */
export function ports(text: string): Interval | undefined {
  const match = /^(\d+)(?:[-:](\d+))?$/.exec(text);
  return match === null ? undefined : { first: Number(match[1]), last: Number(match[2] ?? match[1]) };
}
