import { isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";

/** An IPv4 range; `first` and `last` are its addresses as unsigned 32-bit numbers, both inclusive. */
export interface Range {
  readonly text: string;
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

export type Relation = "equal" | "contains" | "within" | "disjoint";

/**
 * The address as an unsigned 32-bit number, or undefined if `text` is not a valid IPv4 address in four decimal parts. By Node's own check:
 * ipaddr.js throws for a text that is none, and settings of a thousand machines ask a hundred thousand times.
 */
export function parseAddress(text: string): number | undefined {
  if (!isIPv4(text)) return undefined;
  return text.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}

export function formatAddress(number: number): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256);
  return new ipaddr.IPv4(bytes).toString();
}

export function isAddress(text: string): boolean {
  return parseAddress(text) !== undefined;
}

/** The range of `count` = 2^(32 - prefix) addresses that holds `address`. */
export function rangeOf(address: number, prefix: number): Range {
  const count = 2 ** (32 - prefix);
  const first = Math.floor(address / count) * count;
  return { text: `${formatAddress(first)}/${prefix}`, first, last: first + count - 1, prefix };
}

/**
 * Reads an IPv4 CIDR written with its network address. The answer is the range, or why there is none:
 * host bits are an error and not rounded away, because one of address and prefix was meant differently.
 */
export function parseRange(text: string): Range | { readonly problem: string; readonly meant?: string } {
  const match = /^([^/]+)\/(0|[1-9]\d?)$/.exec(text);
  if (!match) {
    return isAddress(text)
      ? { problem: "is an address without a prefix length", meant: `${text}/32` }
      : text.includes(":")
        ? { problem: "is IPv6; this version builds IPv4 clusters" }
        : { problem: "is not a valid IPv4 range" };
  }
  const [, addressText = "", prefixText = ""] = match;
  if (addressText.includes(":")) return { problem: "is IPv6; this version builds IPv4 clusters" };
  const address = parseAddress(addressText);
  const prefix = Number(prefixText);
  if (address === undefined) return { problem: "is not a valid IPv4 range" };
  if (prefix > 32) return { problem: "has a prefix length over 32" };
  const range = rangeOf(address, prefix);
  if (range.first !== address) return { problem: "has host bits set", meant: range.text };
  return { ...range, text };
}

/** As `parseRange`, for text that was checked before. */
export function range(text: string): Range {
  const parsed = parseRange(text);
  if ("problem" in parsed) throw new RangeError(`${text} ${parsed.problem}`);
  return parsed;
}

/** How `a` lies to `b`. CIDR ranges never overlap in part: one holds the other or they are disjoint. */
export function relation(a: Range, b: Range): Relation {
  if (a.first === b.first && a.last === b.last) return "equal";
  if (a.first <= b.first && b.last <= a.last) return "contains";
  if (b.first <= a.first && a.last <= b.last) return "within";
  return "disjoint";
}

export function overlaps(a: Range, b: Range): boolean {
  return relation(a, b) !== "disjoint";
}

export function holds(range: Range, address: number): boolean {
  return range.first <= address && address <= range.last;
}

export function sizeOf(range: Range): number {
  return range.last - range.first + 1;
}

/** The `index`-th address of the range, 0 being the network address. */
export function nthAddress(range: Range, index: number): string {
  if (index < 0 || index >= sizeOf(range)) throw new RangeError(`${range.text} has no address ${index}`);
  return formatAddress(range.first + index);
}

/** Ranges no cluster network may touch. Source: IANA IPv4 Special-Purpose Address Registry (RFC 6890). */
const SPECIAL_RANGES: readonly {
  readonly range: Range;
  readonly name: string;
  readonly rfc: string;
}[] = [
  { range: range("0.0.0.0/8"), name: "'this network'", rfc: "RFC 791" },
  { range: range("127.0.0.0/8"), name: "loopback", rfc: "RFC 1122" },
  { range: range("169.254.0.0/16"), name: "link-local", rfc: "RFC 3927" },
  { range: range("224.0.0.0/4"), name: "multicast", rfc: "RFC 5771" },
  { range: range("240.0.0.0/4"), name: "reserved, with broadcast", rfc: "RFC 1112" },
];

/** Ranges that are not routed on the internet. Source: RFC 1918, RFC 6598, RFC 5737, RFC 2544. */
const PRIVATE_RANGES: readonly Range[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "192.0.2.0/24",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "198.18.0.0/15",
].map(range);

export function specialRangeOf(candidate: Range): (typeof SPECIAL_RANGES)[number] | undefined {
  return SPECIAL_RANGES.find((special) => overlaps(special.range, candidate));
}

export function isPrivate(candidate: Range): boolean {
  return PRIVATE_RANGES.some((known) => ["equal", "within"].includes(relation(candidate, known)));
}
