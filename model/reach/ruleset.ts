/** Reads the rules that a host's firewall is given, as the file has them, and judges packets by them (nft(8)). */
import ipaddr from "ipaddr.js";
import { isToken } from "../core/tokens";
import { parseAddress, parseRange, rangeOf, type Range } from "../network/addresses";
import { within } from "./packet";

/** Where a packet comes from: a range, an IPv6 range, an address that is not known yet, or who is in a named set. */
export type From =
  | { readonly kind: "range"; readonly range: Range }
  | { readonly kind: "range6"; readonly text: string }
  | { readonly kind: "token"; readonly text: string }
  | { readonly kind: "set"; readonly name: string }
  | { readonly kind: "none" };

/** The first packet of a connection as it comes to the host, or an answer. */
export interface HostPacket {
  readonly from: From;
  /** Interface it comes in by. */
  readonly by: string;
  /** nftables' name: `tcp`, `icmp`, `ipencap`, or a number; `any`: a packet of whatever protocol. */
  readonly protocol: string;
  readonly port?: number | string;
  readonly fromPort?: number;
  /** Name and, where it matters, code of the ICMP message. */
  readonly icmp?: string;
  readonly icmpCode?: string;
  readonly answer?: boolean;
}

export interface HostRule {
  readonly chain: string;
  readonly text: string;
  readonly accepts: boolean;
  /** Undefined: a rule in words that this does not know, which lets nothing pass here. */
  readonly fits?: (packet: HostPacket) => boolean;
}

export interface Ruleset {
  readonly chains: readonly {
    readonly name: string;
    readonly hook: string;
    readonly drops: boolean;
    readonly rules: readonly HostRule[];
  }[];
}

type Fits = (packet: HostPacket) => boolean;

/** Words of a rule, and what they ask of a packet. Each begins where the one before ended. */
const WORDS: readonly [RegExp, (...found: string[]) => Fits][] = [
  [
    /^ct state established,related /,
    () =>
      ({ answer }) =>
        answer === true,
  ],
  [/^iifname (\{ .*? \}|\S+) /, (names) => interfaces(names)],
  [
    /^ip saddr @(\S+) /,
    (name) =>
      ({ from }) =>
        from.kind === "set" && from.name === name,
  ],
  [
    /^ip saddr != (\{ .*? \}|\S+) /,
    (list) => {
      const inside = sources(list);
      return (packet) => is4(packet) && !inside(packet);
    },
  ],
  [/^ip saddr (\{ .*? \}|\S+) /, (list) => sources(list)],
  [/^ip6 saddr (\{ .*? \}|\S+) /, (list) => sources6(list)],
  [
    /^(tcp|udp|sctp) dport (\{ .*? \}|\S+) /,
    (protocol, list) => {
      const inside = ports(list);
      return (packet) => packet.protocol === protocol && packet.port !== undefined && inside(packet.port);
    },
  ],
  [
    /^(tcp|udp) sport (\d+) /,
    (protocol, port) => (packet) => packet.protocol === protocol && packet.fromPort === Number(port),
  ],
  [
    /^icmp type (\S+) /,
    (type) =>
      ({ protocol, icmp }) =>
        protocol === "icmp" && icmp === type,
  ],
  [
    /^icmp code (\S+) /,
    (code) =>
      ({ icmpCode }) =>
        icmpCode === code,
  ],
  [
    /^icmpv6 type (\{ .*? \}|\S+) /,
    (list) => {
      const types = listed(list);
      return ({ protocol, icmp }) => protocol === "ipv6-icmp" && icmp !== undefined && types.includes(icmp);
    },
  ],
  [
    /^ip protocol (\S+) /,
    (own) =>
      ({ protocol }) =>
        protocol === own,
  ],
  [
    /^meta l4proto (\S+) /,
    (own) =>
      ({ protocol }) =>
        protocol === own,
  ],
  [/^meta nfproto ipv4 /, () => is4],
  // Every packet that is judged here is for the host.
  [/^fib daddr type local /, () => () => true],
];

function is4({ from }: HostPacket): boolean {
  return from.kind !== "range6";
}

function listed(list: string): string[] {
  return list
    .replace(/^\{|\}$/g, "")
    .split(",")
    .map((one) => one.trim().replaceAll('"', ""))
    .filter((one) => one !== "");
}

function interfaces(list: string): Fits {
  const names = listed(list);
  return ({ by }) =>
    names.some((name) => (name.endsWith("*") ? by.startsWith(name.slice(0, -1)) : by === name));
}

function rangeIn(text: string): Range | undefined {
  const address = parseAddress(text);
  if (address !== undefined) return rangeOf(address, 32);
  const parsed = parseRange(text);
  return "problem" in parsed ? undefined : parsed;
}

function sources(list: string): Fits {
  const texts = listed(list);
  const tokens = new Set(texts.filter(isToken));
  const ranges = texts.flatMap((text) => rangeIn(text) ?? []).sort((a, b) => a.first - b.first);
  return ({ from }) => {
    if (from.kind === "token") return tokens.has(from.text);
    return from.kind === "range" && holdsIn(ranges, from.range);
  };
}

/** Ranges are sorted and none overlaps another, as nft demands of a set. */
function holdsIn(ranges: readonly Range[], wanted: Range): boolean {
  let [low, high] = [0, ranges.length - 1];
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const one = ranges[middle];
    if (within(wanted, one)) return true;
    if (one.first > wanted.first) high = middle - 1;
    else low = middle + 1;
  }
  return false;
}

function sources6(list: string): Fits {
  const ranges = listed(list).flatMap((text) => {
    const cidr = text.includes("/") ? text : `${text}/128`;
    return ipaddr.IPv6.isValidCIDR(cidr) ? [ipaddr.IPv6.parseCIDR(cidr)] : [];
  });
  return ({ from }) => {
    if (from.kind !== "range6") return false;
    const [address, prefix] = ipaddr.IPv6.parseCIDR(from.text);
    return ranges.some((one) => one[1] <= prefix && address.match(one));
  };
}

function ports(list: string): (port: number | string) => boolean {
  const intervals = listed(list).map((text) => {
    const [first, last = first] = text.split("-");
    return { text, first: Number(first), last: Number(last) };
  });
  return (port) =>
    intervals.some(
      ({ text, first, last }) => text === port || (typeof port === "number" && first <= port && port <= last),
    );
}

/** The base chains of every table in the file. */
export function readRuleset(text: string): Ruleset {
  const chains: { name: string; hook: string; drops: boolean; rules: HostRule[] }[] = [];
  let current: (typeof chains)[number] | undefined;
  for (const line of text.split("\n").map((one) => one.trim())) {
    const opened = /^chain (\S+) \{$/.exec(line);
    if (opened !== null) {
      current = { name: opened[1] ?? "", hook: "", drops: false, rules: [] };
      chains.push(current);
      continue;
    }
    if (line === "}") current = undefined;
    if (current === undefined || line === "" || line === "}") continue;
    const base = /^type filter hook (\S+) priority \S+; policy (\S+);$/.exec(line);
    if (base === null) current.rules.push(readRule(current.name, line));
    else {
      current.hook = base[1] ?? "";
      current.drops = base[2] === "drop";
    }
  }
  return { chains: chains.filter(({ hook }) => hook !== "") };
}

function readRule(chain: string, text: string): HostRule {
  const conditions: Fits[] = [];
  let rest = `${text} `;
  for (;;) {
    const end = /^(accept|drop) (comment ".*" )?$/.exec(rest);
    if (end !== null)
      return {
        chain,
        text,
        accepts: end[1] === "accept",
        fits: (packet) => conditions.every((condition) => condition(packet)),
      };
    const word = WORDS.map(([pattern, make]) => ({ found: pattern.exec(rest), make })).find(
      ({ found }) => found !== null,
    );
    if (word?.found == null) return { chain, text, accepts: rest.includes("accept") };
    const [whole, ...found] = word.found;
    conditions.push(word.make(...found));
    rest = rest.slice(whole.length);
  }
}

/** Chains see a packet in this order; what the first rewrites to a pod never comes to the second. */
const HOOKS = ["prerouting", "input"] as const;

/**
 * What stops a packet at its host: a rule, or the policy of a chain; undefined where it arrives. Every rule that lets it
 * pass counts as used, also where another comes first.
 *
 * @param toPod kube-proxy or the CNI sends it on to a pod before the host's own input
 */
export function stoppedByRuleset(
  ruleset: Ruleset,
  packet: HostPacket,
  toPod: boolean,
  used: Set<HostRule>,
): string | undefined {
  for (const hook of HOOKS) {
    if (toPod && hook === "input") continue;
    for (const chain of ruleset.chains.filter((one) => one.hook === hook)) {
      const decisive = chain.rules.find((rule) => rule.fits?.(packet));
      if (decisive !== undefined && !decisive.accepts)
        return `rule "${decisive.text}" of chain ${chain.name} drops it`;
      for (const rule of chain.rules) if (rule.accepts && rule.fits?.(packet)) used.add(rule);
      if (decisive === undefined && chain.drops)
        return `no rule of chain ${chain.name} lets it in, and its policy is drop`;
    }
  }
  return undefined;
}
