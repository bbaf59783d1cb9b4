import {
  addresses,
  addressIs,
  interfaceIs,
  never,
  portIs,
  ports,
  protocolIs,
  sourcePortIs,
  stateIs,
  unknown,
} from "./conditions";
import { not, type Chain, type Condition, type Rule, type Table, type Verdict } from "./rules";

type Json = Readonly<Record<string, unknown>>;

/** Families whose chains see IPv4 packets of the host (nft(8), "ADDRESS FAMILIES"). */
const FAMILIES = ["ip", "inet"];

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

interface ReadTable extends Table {
  readonly chains: Map<string, Chain & { rules: Rule[] }>;
}

/** Reads what `nft -j list ruleset` prints (libnftables-json(5)); undefined where it is something else. */
export function parseNftables(text: string): Table[] | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  const objects = isJson(document) ? document["nftables"] : undefined;
  if (!Array.isArray(objects)) return undefined;
  const tables = new Map<string, ReadTable>();
  const tableOf = (part: Json): ReadTable => {
    const name = `${textOf(part["family"])} ${textOf(part["table"])}`;
    const known: ReadTable = tables.get(name) ?? { name, tool: "nftables", chains: new Map() };
    tables.set(name, known);
    return known;
  };
  for (const object of objects) {
    if (!isJson(object)) continue;
    const { chain, rule } = object;
    if (isJson(chain) && FAMILIES.includes(textOf(chain["family"]))) {
      // A chain of type nat only rewrites: what it does not rewrite goes on.
      const hook = chain["type"] === "nat" ? "" : textOf(chain["hook"]);
      tableOf(chain).chains.set(textOf(chain["name"]), {
        name: textOf(chain["name"]),
        rules: [],
        ...(hook === "" ? {} : { hook, policy: chain["policy"] === "drop" ? "drop" : "accept" }),
      });
    } else if (isJson(rule) && FAMILIES.includes(textOf(rule["family"]))) {
      tableOf(rule).chains.get(textOf(rule["chain"]))?.rules.push(ruleOf(rule));
    }
  }
  return [...tables.values()];
}

function ruleOf(rule: Json): Rule {
  const conditions: Condition[] = [];
  let verdicts: Verdict[] = [{ kind: "none" }];
  const expressions = Array.isArray(rule["expr"]) ? rule["expr"].filter(isJson) : [];
  for (const expression of expressions) {
    const [kind = "", body] = Object.entries(expression)[0] ?? [];
    if (kind === "match" && isJson(body)) conditions.push(conditionOf(body));
    else if (kind === "vmap" && isJson(body)) verdicts = verdictsOf(body, conditions);
    else if (kind === "xt") {
      const target = isJson(body) && body["type"] === "target" ? textOf(body["name"]) : undefined;
      if (target === "REJECT" || target === "DROP") verdicts = [{ kind: "drop" }];
      else if (!isJson(body) || body["name"] !== "comment") conditions.push(unknown);
    } else if (kind === "limit" || kind === "ct count" || kind === "quota") conditions.push(unknown);
    else verdicts = verdictOf(kind, body) ?? verdicts;
  }
  return { conditions, verdicts, text: rendered(expressions) };
}

function verdictOf(kind: string, body: unknown): Verdict[] | undefined {
  switch (kind) {
    case "accept":
    case "return":
      return [{ kind }];
    // A queue's program may let it through.
    case "queue":
      return [{ kind: "accept" }];
    case "drop":
    case "reject":
      return [{ kind: "drop" }];
    case "jump":
    case "goto":
      return [{ kind, chain: textOf(isJson(body) ? body["target"] : undefined) }];
    default:
      return undefined;
  }
}

/** A map from what a packet is to what becomes of it: each entry is a possibility, and so is that none fits. */
function verdictsOf(body: Json, conditions: Condition[]): Verdict[] {
  const data = isJson(body["data"]) ? body["data"]["set"] : undefined;
  const entries = Array.isArray(data) ? (data as unknown[]) : undefined;
  if (entries === undefined) return [{ kind: "accept" }];
  const key = isJson(body["key"]) ? body["key"] : {};
  const verdicts: Verdict[] = [{ kind: "none" }];
  for (const entry of entries) {
    if (!Array.isArray(entry) || !isJson(entry[1])) continue;
    const [kind = "", more] = Object.entries(entry[1])[0] ?? [];
    // A new connection has no other state.
    if (ct(key) && !listOf(entry[0]).some((state) => textOf(state) === "new")) continue;
    verdicts.push(...(verdictOf(kind, more) ?? []));
  }
  conditions.push(unknown);
  return verdicts;
}

function ct(left: Json): boolean {
  return isJson(left["ct"]) && left["ct"]["key"] === "state";
}

/** The values on the right: one, several, or those of an anonymous set. */
function listOf(right: unknown): unknown[] {
  if (Array.isArray(right)) return right as unknown[];
  return isJson(right) && Array.isArray(right["set"]) ? (right["set"] as unknown[]) : [right];
}

function conditionOf({ op, left, right }: Json): Condition {
  const positive = conditionFor(isJson(left) ? left : {}, listOf(right));
  if (op === "!=") return (probe) => not(positive(probe));
  return op === "==" || op === "in" ? positive : unknown;
}

function conditionFor(left: Json, values: readonly unknown[]): Condition {
  // The content of a named set is not looked at.
  if (values.some((value) => typeof value === "string" && value.startsWith("@"))) return unknown;
  const names = values.map(textOf);
  const { meta, payload } = left;
  if (ct(left)) return stateIs(names);
  // What pods and nodes send to one another directly was rewritten by nobody.
  if (isJson(left["ct"]) && left["ct"]["key"] === "status") return never;
  if (isJson(meta)) {
    switch (meta["key"]) {
      case "iifname":
      case "iif":
        return interfaceIs("incoming", names, "*");
      case "oifname":
      case "oif":
        return interfaceIs("outgoing", names, "*");
      case "l4proto":
        return protocolIs(names);
      case "nfproto":
        return () => (names.includes("ipv4") ? "yes" : "no");
      case "protocol":
        return () => (names.includes("ip") ? "yes" : "no");
      default:
        return unknown;
    }
  }
  return isJson(payload) ? payloadCondition(payload, values) : unknown;
}

function payloadCondition(payload: Json, values: readonly unknown[]): Condition {
  const protocol = textOf(payload["protocol"]);
  const field = textOf(payload["field"]);
  if (protocol === "ip6" || protocol === "icmpv6") return never;
  if (protocol === "ip") {
    if (field === "saddr") return addressIs("from", values.map(addressInterval));
    if (field === "daddr") return addressIs("to", values.map(addressInterval));
    return field === "protocol" ? protocolIs(values.map(textOf)) : unknown;
  }
  const same = protocolIs([protocol]);
  const known = ["tcp", "udp", "icmp", "esp"].includes(protocol);
  if ((field === "dport" || field === "sport") && protocol !== "") {
    const port = (field === "dport" ? portIs : sourcePortIs)(values.map(portInterval));
    return (probe) => (protocol === "th" || same(probe) === "yes" ? port(probe) : "no");
  }
  return known ? (probe) => (same(probe) === "yes" ? "maybe" : "no") : unknown;
}

function addressInterval(value: unknown) {
  if (typeof value === "string") return addresses(value);
  if (!isJson(value)) return undefined;
  const { prefix, range } = value;
  if (isJson(prefix)) return addresses(`${textOf(prefix["addr"])}/${textOf(prefix["len"])}`);
  if (!Array.isArray(range)) return undefined;
  const [first, last] = range.map((end) => addresses(textOf(end)));
  return first === undefined || last === undefined ? undefined : { first: first.first, last: last.last };
}

function portInterval(value: unknown) {
  if (isJson(value) && Array.isArray(value["range"])) return ports(value["range"].map(textOf).join("-"));
  return ports(textOf(value));
}

/** The rule for people: not quite nft's words, which its JSON has not. */
function rendered(expressions: readonly Json[]): string {
  return expressions
    .filter((one) => !("counter" in one) && !("match" in one))
    .map((one) => Object.keys(one)[0] ?? "")
    .join(" ");
}
