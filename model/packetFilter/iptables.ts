import {
  addresses,
  addressIs,
  interfaceIs,
  portIs,
  ports,
  protocolIs,
  sourcePortIs,
  stateIs,
  unknown,
} from "./conditions";
import { not, type Chain, type Condition, type Rule, type Table, type Verdict } from "./rules";

const HOOKS: Readonly<Record<string, string>> = {
  INPUT: "input",
  FORWARD: "forward",
  PREROUTING: "prerouting",
};
/** Targets after which a packet goes on to the next rule (iptables-extensions(8)). */
const GOES_ON =
  /^(LOG|NFLOG|MARK|CONNMARK|TCPMSS|CT|NOTRACK|SET|ACCT|AUDIT|CLASSIFY|DSCP|TOS|TTL|CONNSECMARK|SECMARK)$/;

/** Reads what `iptables-save` prints; tables of type nat decide on no packet. */
export function parseIptables(text: string): Table[] {
  const tables: Table[] = [];
  let chains = new Map<string, { name: string; rules: Rule[]; hook?: string; policy?: "accept" | "drop" }>();
  let name = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) {
      name = line.slice(1).trim();
      chains = new Map<string, Chain & { rules: Rule[] }>();
      if (name !== "nat") tables.push({ name, tool: "iptables", chains });
    } else if (line.startsWith(":")) {
      const [chain = "", policy] = line.slice(1).split(" ");
      const base = policy !== "-";
      chains.set(chain, {
        name: chain,
        rules: [],
        ...(base && HOOKS[chain] !== undefined ? { hook: HOOKS[chain] } : {}),
        ...(base ? { policy: policy === "DROP" ? "drop" : "accept" } : {}),
      });
    } else if (line.startsWith("-A ")) {
      const [, chain = "", ...rest] = words(line);
      chains.get(chain)?.rules.push(ruleOf(rest, line, chains));
    }
  }
  return tables;
}

/** Words of a line, quotes taken off. */
function words(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
}

function ruleOf(args: readonly string[], text: string, chains: ReadonlyMap<string, unknown>): Rule {
  const conditions: Condition[] = [];
  let verdict: Verdict = { kind: "none" };
  let inverted = false;
  for (let index = 0; index < args.length; index += 1) {
    const option = args[index] ?? "";
    const value = args[index + 1] ?? "";
    if (option === "!") {
      inverted = true;
      continue;
    }
    const list = value.split(",");
    let condition: Condition | undefined;
    let takes = 1;
    switch (option) {
      case "-p":
        condition = protocolIs(list);
        break;
      case "-s":
      case "-d":
        condition = addressIs(option === "-s" ? "from" : "to", list.map(addresses));
        break;
      case "-i":
      case "-o":
        condition = interfaceIs(option === "-i" ? "incoming" : "outgoing", list, "+");
        break;
      case "--dport":
      case "--dports":
        condition = portIs(list.map(ports));
        break;
      case "--sport":
      case "--sports":
        condition = sourcePortIs(list.map(ports));
        break;
      case "--state":
      case "--ctstate":
        condition = stateIs(list);
        break;
      case "-m":
      case "--comment":
        break;
      case "-j":
      case "-g":
        verdict = verdictOf(value, option === "-g", chains);
        index = args.length;
        break;
      default:
        // An option of a match that is not known here, with as many values as follow it.
        condition = unknown;
        takes = 0;
        while (index + takes + 1 < args.length && !/^(-\D|--|!$)/.test(args[index + takes + 1] ?? ""))
          takes += 1;
    }
    if (condition !== undefined) {
      const own = condition;
      conditions.push(inverted ? (probe) => not(own(probe)) : own);
    }
    inverted = false;
    index += takes;
  }
  return { conditions, verdicts: [verdict], text };
}

function verdictOf(target: string, goes: boolean, chains: ReadonlyMap<string, unknown>): Verdict {
  if (chains.has(target)) return { kind: goes ? "goto" : "jump", chain: target };
  if (target === "ACCEPT") return { kind: "accept" };
  if (target === "DROP" || target === "REJECT") return { kind: "drop" };
  if (target === "RETURN") return { kind: "return" };
  // A queue's program may let it through, and so may a target that is not known here.
  return { kind: GOES_ON.test(target) ? "none" : "accept" };
}
