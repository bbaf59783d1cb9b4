/** Rule sets of other packet filters on a host, in one form for nftables and iptables, and what becomes of a packet in them. */
import type { Range } from "../network/addresses";

/** Whether a packet fits a condition; `maybe` where the condition asks for something unknown. */
export type Fit = "yes" | "no" | "maybe";

/** The first packet of a connection, as a filter sees it. */
export interface Probe {
  readonly hook: "input" | "forward";
  /** `ipip` and `esp` have no ports. */
  readonly protocol: "tcp" | "udp" | "icmp" | "ipip" | "esp";
  readonly port?: number;
  readonly from: Range;
  readonly to: Range;
  /** Interfaces it may come in by and leave by; a name that ends in `*` is a beginning. Empty: not known. */
  readonly incoming: readonly string[];
  readonly outgoing: readonly string[];
}

export type Condition = (probe: Probe) => Fit;

export type Verdict =
  | { readonly kind: "accept" | "drop" | "return" | "none" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

export interface Rule {
  readonly conditions: readonly Condition[];
  /** What may become of a packet that fits; more than one where a map decides. */
  readonly verdicts: readonly Verdict[];
  /** The rule in its tool's own words. */
  readonly text: string;
}

export interface Chain {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** Where a base chain hangs. */
  readonly hook?: string;
  readonly policy?: "accept" | "drop";
}

export interface Table {
  /** As its tool calls it: `inet firewalld`, `filter`. */
  readonly name: string;
  readonly tool: "nftables" | "iptables";
  readonly chains: ReadonlyMap<string, Chain>;
}

/** What certainly stops a packet. */
export interface Obstacle {
  readonly table: Table;
  readonly chain: string;
  /** Undefined: the policy of the chain. */
  readonly rule?: string;
}

type Outcome = "passes" | "falls" | Obstacle;

/** Chains may not call one another in circles, and a rule set that was read wrongly must not hang this. */
const DEEPEST = 40;

export function not(fit: Fit): Fit {
  return fit === "yes" ? "no" : fit === "no" ? "yes" : "maybe";
}

/** Fits all of them. */
function all(conditions: readonly Condition[], probe: Probe): Fit {
  const fits = conditions.map((condition) => condition(probe));
  return fits.includes("no") ? "no" : fits.includes("maybe") ? "maybe" : "yes";
}

/** What stops the packet at its hook for certain. A packet that some rule may let through, or may send elsewhere, passes. */
export function obstacleOf(tables: readonly Table[], probe: Probe): Obstacle | undefined {
  for (const table of tables) {
    for (const chain of table.chains.values()) {
      if (chain.hook !== probe.hook && chain.hook !== "prerouting") continue;
      const outcome = walk(table, chain, probe, 0);
      if (outcome === "passes") continue;
      if (outcome !== "falls") return outcome;
      if (chain.policy === "drop") return { table, chain: chain.name };
    }
  }
  return undefined;
}

function walk(table: Table, chain: Chain, probe: Probe, depth: number): Outcome {
  if (depth > DEEPEST) return "passes";
  let mayFall = false;
  for (const rule of chain.rules) {
    const fit = all(rule.conditions, probe);
    if (fit === "no") continue;
    const certain = fit === "yes" && rule.verdicts.length === 1;
    for (const verdict of rule.verdicts) {
      const outcome = follow(table, chain, rule, verdict, probe, depth);
      if (outcome === "passes") return "passes";
      if (outcome === "goes on") continue;
      if (certain) return outcome === "falls" || mayFall ? "falls" : outcome;
      if (outcome === "falls") mayFall = true;
    }
  }
  return "falls";
}

function follow(
  table: Table,
  chain: Chain,
  rule: Rule,
  verdict: Verdict,
  probe: Probe,
  depth: number,
): Outcome | "goes on" {
  switch (verdict.kind) {
    case "none":
      return "goes on";
    case "accept":
      return "passes";
    case "return":
      return "falls";
    case "drop":
      return { table, chain: chain.name, rule: rule.text };
    case "jump":
    case "goto": {
      const target = table.chains.get(verdict.chain);
      // Somewhere that was not read: it may let the packet through.
      if (target === undefined) return "passes";
      const outcome = walk(table, target, probe, depth + 1);
      return outcome === "falls" && verdict.kind === "jump" ? "goes on" : outcome;
    }
  }
}
