/**
 * What the Pulumi CLI reads where another reader of YAML reads something else. The CLI takes gopkg.in/yaml.v3 3.0.1
 * (pulumi/sdk/go/common/encoding/marshal.go), which mixes YAML 1.1 and 1.2: `0256` is 174 to it, `2_56` is 256, a date is a time.
 * `npm run plan` and editors read YAML 1.2. A text that the two read differently is refused by both, so that they never plan one
 * cluster and make another.
 */
import {
  type Document,
  type Node,
  type ParsedNode,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  visit,
} from "yaml";
import { excerptOf, lineAt } from "./excerpt";
import { type Problem, show } from "./problems";

/** What the CLI has no number, text, true, false or null for. */
const UNREADABLE = Symbol("unreadable");
type Read = string | number | boolean | null | typeof UNREADABLE;

const WORDS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ...["true", "True", "TRUE"].map((word) => [word, true] as const),
  ...["false", "False", "FALSE"].map((word) => [word, false] as const),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  // JSON has none of these; the CLI ends with an error.
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, UNREADABLE] as const),
  ...["", "+", "-"].flatMap((sign) =>
    [".inf", ".Inf", ".INF"].map((word) => [sign + word, UNREADABLE] as const),
  ),
]);

/** strconv.ParseInt with base 0, as yaml.v3 calls it once all underscores are taken out. */
const GO_INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
/** Its second look at binary and octal numbers, where ParseInt found none: a sign may follow the prefix. */
const GO_SIGN_INSIDE = /^0(o|b)([-+])([0-7]+)$/;
const GO_FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
/** A date, or a date and a time: 2026-01-01, 2026-1-1 12:30:00. */
const GO_TIME = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}.*)?$/;

/** A scalar without quotes and tag, as yaml.v3 resolves it (resolve.go). */
function readByCli(text: string): Read {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (GO_TIME.test(text)) return UNREADABLE;
  if (!/^[-+.0-9]/.test(text)) return text;
  const plain = text.replaceAll("_", "");
  const integer = GO_INTEGER.exec(plain);
  if (integer !== null && !text.startsWith(".")) return integerOf(integer);
  const inside = GO_SIGN_INSIDE.exec(plain);
  if (inside !== null && !Number.isNaN(signedInside(inside))) return signedInside(inside);
  // What starts with a dot goes to ParseFloat as it stands, which knows underscores in hexadecimal numbers alone.
  if (GO_FLOAT.test(plain)) {
    const number = Number(plain);
    return Number.isFinite(number) ? number : text;
  }
  return text;
}

function integerOf([, sign, hex, binary, octal, decimal]: RegExpExecArray): number {
  const size =
    hex !== undefined
      ? Number.parseInt(hex, 16)
      : binary !== undefined
        ? Number.parseInt(binary, 2)
        : octal !== undefined
          ? Number.parseInt(octal, 8)
          : Number(decimal);
  return sign === "-" ? 0 - size : size;
}

function signedInside([, base, sign, digits]: RegExpExecArray): number {
  const size =
    /[2-7]/.test(digits ?? "") && base === "b"
      ? Number.NaN
      : Number.parseInt(digits ?? "", base === "b" ? 2 : 8);
  return sign === "-" ? 0 - size : size;
}

/**
 * Where the CLI reads something else than a reader of YAML 1.2. `document` was parsed as YAML 1.2 without errors.
 */
export function readDifferently(text: string, document: Document<ParsedNode>): Problem[] {
  const problems: Problem[] = [];
  const add = (node: Node, problem: Omit<Problem, "path">): void => {
    problems.push({ path: lineOf(text, node.range?.[0] ?? 0), ...problem });
  };
  const checkTag = (node: Node & { tag?: string | undefined }): void => {
    if (node.tag === undefined || HARMLESS_TAGS.has(node.tag)) return;
    add(node, {
      value: `the tag ${node.tag}`,
      message: "means different things to Pulumi's CLI and to other YAML parsers",
      allowed: "values without tags; text in quotes",
    });
  };
  const directive = /^%/m.exec(text);
  if (directive !== null)
    problems.push({
      path: lineOf(text, directive.index),
      value: "a directive (%)",
      message: "changes how some YAML parsers read the rest",
      allowed: "a file without directives",
    });
  const blocks: [number, number][] = [];
  visit(document, {
    Scalar: (key, node, above) => {
      checkTag(node);
      const own = node as { tag?: string; source?: string; type?: string };
      if (own.type?.startsWith("BLOCK") === true) blocks.push(rangeOf(node));
      if (own.type !== "PLAIN") {
        const escaped = surrogate(text.slice(...rangeOf(node)));
        if (own.type === "QUOTE_DOUBLE" && escaped)
          add(node, {
            value: "[hidden]",
            message: "has an escape of half a character (\\ud800 to \\udfff), which Pulumi's CLI cannot read",
            allowed: "the character itself, or \\U with eight digits",
          });
        if (key === "key" && node.value === "<<")
          add(node, {
            value: '"<<"',
            message: "is a merge key to Pulumi's CLI, even in quotes, and a plain key to other parsers",
            allowed: "another key, or << without quotes",
          });
        return;
      }
      const source = own.source ?? "";
      if (inFlow(above) && /^:|[?]|:$/.test(source)) {
        add(node, {
          value: isSecret(above) ? "[hidden]" : show(source),
          message: "has a : or ? at its start or end, which YAML parsers read differently inside [] and {}",
          allowed: "text in quotes",
        });
        return;
      }
      if (own.tag !== undefined || (key === "key" && source === "<<")) return;
      const read = readByCli(source);
      if (key === "key" ? sameKey(source, read, node.value) : same(read, node.value)) return;
      if (isSecret(above)) {
        add(node, {
          value: "[hidden]",
          message: "means different things to Pulumi's CLI and to other YAML parsers",
        });
        return;
      }
      const number = typeof read === "number" ? `, or the number ${read}` : "";
      add(node, {
        value: show(source),
        message: differs(source, read, node.value),
        allowed: `text in quotes${number}`,
      });
    },
    Seq: (_, node) => checkTag(node),
    Map: (_, node) => {
      checkTag(node);
      const seen = new Set<string>();
      for (const { key } of node.items) {
        if (!isScalar(key) || (key.type === "PLAIN" && key.source === "<<")) continue;
        const name = String(key.value);
        if (seen.has(name))
          add(key, {
            value: JSON.stringify(name),
            message: "is set twice in one mapping, once as a number or word and once as text",
            allowed: "each key once",
          });
        seen.add(name);
      }
    },
    Pair: (_, pair, above) => {
      const end = isScalar(pair.key) ? (pair.key.range?.[1] ?? 0) : 0;
      if (inFlow(above) && isScalar(pair.key) && /^:[,\]}[{]/.test(text.slice(end, end + 2)))
        add(pair.key, {
          value: isSecret(above) ? "[hidden]" : show(pair.key.value),
          message:
            "has a colon without a space after it, which YAML parsers read differently inside [] and {}",
          allowed: "a space after the colon, or text in quotes",
        });
      if (isScalar(pair.key) && /^[ \t]*(#.*)?\r?\n/.test(text.slice(end)))
        add(pair.key, {
          value: isSecret(above) ? "[hidden]" : show(pair.key.value),
          message: "has no colon on its line",
          allowed: "key and colon on one line",
        });
      if (isNode(pair.key) && !isScalar(pair.key))
        add(pair.key, {
          value: isMap(pair.key) ? "a mapping" : "a list or a reference",
          message: "cannot be a key",
          allowed: "text",
        });
    },
  });
  for (const { index, 1: space = "" } of text.matchAll(/^ *([\t\u00a0\u2000-\u200b\u202f\u3000])/gm))
    if (!blocks.some(([start, end]) => start <= index && index < end)) {
      const code = (space.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      problems.push({
        path: lineOf(text, index),
        value: "the line",
        message: `begins with ${space === "\t" ? "a tab" : `the character U+${code}, which looks like a space but is not`}`,
        allowed: "spaces",
        excerpt: excerptOf(text, [lineAt(text, index)]),
      });
    }
  return problems;
}

const HARMLESS_TAGS: ReadonlySet<string> = new Set(
  ["str", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`),
);

function rangeOf(node: { range?: [number, number, number] | null }): [number, number] {
  const [start, end] = node.range ?? [0, 0, 0];
  return [start, end];
}

/** Inside [] or {}. */
function inFlow(above: readonly unknown[]): boolean {
  return above.some((one) => (isMap(one) || isSeq(one)) && one.flow === true);
}

/** Below `kubeadm:secrets`, where no value may be printed. */
function isSecret(above: readonly unknown[]): boolean {
  return above.some((one) => isPair(one) && isScalar(one.key) && /(^|:)secrets$/.test(String(one.key.value)));
}

const surrogate = (quoted: string): boolean =>
  /(?<!\\)(\\\\)*\\(u[dD][89a-fA-F]|U0000[dD][89a-fA-F])/.test(quoted);

function same(read: Read, value: unknown): boolean {
  // -0 and 0 are one number.
  return read === value;
}

/** Keys become text: the CLI's by Go's %v, which is like JavaScript's but for null and for what is written as a fraction. */
function sameKey(source: string, read: Read, value: unknown): boolean {
  if (typeof read === "number" && (!Number.isSafeInteger(read) || !GO_INTEGER.test(source))) return false;
  return read !== null && read === value;
}

function differs(source: string, read: Read, value: unknown): string {
  if (GO_TIME.test(source)) return "is a date to Pulumi's CLI and text to other YAML parsers";
  if (read === UNREADABLE) return "is a number that Pulumi's CLI cannot represent";
  if (read === null || value === null)
    return "cannot be a key: Pulumi's CLI and other YAML parsers turn it into different text";
  if (read === value)
    return "cannot be a key: Pulumi's CLI and other YAML parsers may write the fraction differently";
  return `is ${shown(read)} to Pulumi's CLI (YAML 1.1), and ${shown(value)} to others (YAML 1.2)`;
}

function shown(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "number" && typeof value !== "string" && typeof value !== "boolean") return "a value";
  return typeof value === "string" ? `the text "${value}"` : `${typeof value} ${String(value)}`;
}

/** Characters that the CLI refuses, or takes for the end of a line where others do not. */
export function wrongCharacters(text: string): Problem[] {
  let offset = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (!isTaken(code, text[offset + 1]))
      return [
        {
          path: lineOf(text, offset),
          value: `the character U+${code.toString(16).toUpperCase().padStart(4, "0")}`,
          message: "is invalid or ends the line for some YAML parsers",
          allowed: "printable characters, and line feeds; others escaped in double quotes",
        },
      ];
    offset += character.length;
  }
  return [];
}

/**
 * yaml.v3, readerc.go: what is printable. U+0085, U+2028, U+2029 and a carriage return by itself end a line there
 * (yamlprivateh.go, is_break).
 */
function isTaken(code: number, next: string | undefined): boolean {
  if (code === 0x0d) return next === "\n";
  if (code < 0x20) return code === 0x09 || code === 0x0a;
  if (code >= 0x7f && code <= 0x9f) return false;
  return ![0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff].includes(code);
}

/** The text of a stack file. @throws TypeError for bytes that are not UTF-8 */
export function decoded(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

function lineOf(text: string, offset: number): string {
  return `line ${lineAt(text, offset)}`;
}
