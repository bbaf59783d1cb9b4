import ipaddr from "ipaddr.js";

/** An IPv6 range as nftables prints it, or why `text` is none: host bits are an error, as with IPv4. */
export function parseRange6(
  text: string,
): { readonly text: string } | { readonly problem: string; readonly meant?: string } {
  const [address = "", prefix, ...rest] = text.split("/");
  if (!ipaddr.IPv6.isValid(address) || address.includes("%") || rest.length > 0)
    return { problem: "is not a valid IPv6 range" };
  const length = Number(prefix);
  if (prefix === undefined)
    return { problem: "is an address without a prefix length", meant: `${address}/128` };
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || length > 128) return { problem: "has a prefix length over 128" };
  const network = ipaddr.IPv6.networkAddressFromCIDR(text);
  const meant = `${network.toString()}/${prefix}`;
  if (network.toNormalizedString() !== ipaddr.IPv6.parse(address).toNormalizedString())
    return { problem: "has host bits set", meant };
  return { text: meant };
}

/** IPv6 ranges without those that lie in another. */
export function disjoint6(ranges: readonly string[]): string[] {
  const read = [...new Set(ranges)].map((text) => ({ text, cidr: ipaddr.IPv6.parseCIDR(text) }));
  return read
    .filter(
      (own) =>
        !read.some(
          (other) => other.text !== own.text && other.cidr[1] <= own.cidr[1] && own.cidr[0].match(other.cidr),
        ),
    )
    .map(({ text }) => text)
    .sort();
}
