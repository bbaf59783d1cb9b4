import { parseAddress, parseRange, rangeOf, specialRangeOf } from "./addresses";

/** Addresses from first to last, which need not be a power of two. */
export interface AddressRange {
  readonly text: string;
  readonly first: number;
  readonly last: number;
}

/** Reads `10.40.0.240-10.40.0.250` or a CIDR, as MetalLB's pools take them. */
export function parseAddressRange(text: string): AddressRange | { readonly problem: string } {
  if (!text.includes("-")) {
    const range = parseRange(text);
    return "problem" in range ? range : { text, first: range.first, last: range.last };
  }
  const [from = "", to = "", ...rest] = text.split("-").map((part) => part.trim());
  const [first, last] = [parseAddress(from), parseAddress(to)];
  if (first === undefined || last === undefined || rest.length > 0) {
    return {
      problem: text.includes(":") ? "is IPv6; this version builds IPv4 clusters" : "is not a valid range",
    };
  }
  return last < first ? { problem: "ends before it begins" } : { text, first, last };
}

/** Why text is not a valid range that hosts can have, or undefined. */
export function addressRangeProblem(text: string): string | undefined {
  const range = parseAddressRange(text);
  if ("problem" in range) return range.problem;
  for (const end of [range.first, range.last]) {
    const special = specialRangeOf(rangeOf(end, 32));
    if (special !== undefined) return `touches ${special.range.text}, ${special.name} (${special.rfc})`;
  }
  return undefined;
}

export function rangesOverlap(left: AddressRange, right: AddressRange): boolean {
  return left.first <= right.last && right.first <= left.last;
}
