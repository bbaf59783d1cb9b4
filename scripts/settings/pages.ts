/** Tables of docs/settings/: rows of the settings that a page names, between two comments. */
import { saysNumbers } from "../../model/settings/issues";
import type { Platform } from "../../model/settings/resolved";
import type { Clusters, Described, Json } from "./json";

/** One row of a table, by the path of its setting. */
interface Row {
  readonly path: string;
  readonly type: string;
  readonly defaultValue: string;
  readonly meaning: string;
}

interface Found {
  readonly path: string;
  readonly json: Json;
  readonly required: boolean;
  /** The value of `kind`, or another key that tells the branches of a union apart. */
  readonly branch: string | undefined;
}

/** Every setting that holds a value, and every part with its own default; of one branch of a union, where one is named. */
function rowsOf({ schema, defaults, taken }: Described, only?: string): Row[] {
  const found: Found[] = [];
  keys(schema, "", undefined);
  const paths = [...new Set(found.map(({ path }) => path))];
  return paths.map((path) => {
    const all = found.filter((one) => one.path === path);
    return {
      path,
      type: unique(all.map(({ json }) => typeOf(json, taken))).join(", "),
      defaultValue: perBranch(
        all.map(({ json, required, branch }) => [
          branch,
          required ? "required" : (defaults.get(json) ?? "none"),
        ]),
      ),
      meaning: unique(all.map(({ json }) => json.description?.split("\n\n")[0] ?? "")).join(" "),
    };
  });

  function keys(json: Json, at: string, branch: string | undefined): void {
    for (const [name, inner] of Object.entries(json.properties ?? {})) {
      const path = at === "" ? name : `${at}.${name}`;
      const required = json.required?.includes(name) === true;
      const wanted = only === undefined || branch === only;
      if (wanted && (holdsValue(inner) || defaults.has(inner)))
        found.push({ path, json: inner, required, branch });
      below(inner, path, branch);
    }
  }

  function below(json: Json, path: string, branch: string | undefined): void {
    for (const one of json.anyOf ?? json.oneOf ?? []) {
      const word = Object.values(one.properties ?? {}).find(({ const: given }) => typeof given === "string");
      below(one, path, word === undefined ? branch : String(word.const));
    }
    keys(json, path, branch);
    if (json.items !== undefined) below(json.items, `${path}[]`, branch);
    if (typeof json.additionalProperties === "object")
      below(json.additionalProperties, `${path}.<name>`, branch);
  }
}

/** Anything but a mapping with keys of its own, or a list or mapping of such. */
function holdsValue(json: Json): boolean {
  const branches = json.anyOf ?? json.oneOf;
  if (branches !== undefined) return branches.some(holdsValue);
  if (json.properties !== undefined) return false;
  if (json.items !== undefined) return holdsValue(json.items);
  return typeof json.additionalProperties !== "object" || holdsValue(json.additionalProperties);
}

function perBranch(values: readonly (readonly [branch: string | undefined, value: string])[]): string {
  const words = unique(values.map(([, value]) => value));
  if (words.length < 2) return words[0] ?? "";
  return unique(values.map(([branch, value]) => `${code(branch)}: ${value}`)).join("; ");
}

function typeOf(json: Json, taken: Described["taken"]): string {
  const words = taken.get(json);
  if (words !== undefined) return words;
  const branches = json.anyOf ?? json.oneOf;
  if (branches !== undefined) {
    const [number, text] = [...branches].sort((a, b) => (a.type ?? "").localeCompare(b.type ?? ""));
    const words = text && number?.type === "integer" && branches.length === 2 ? taken.get(text) : undefined;
    if (words !== undefined && saysNumbers(words)) return words;
    return unique(branches.map((one) => typeOf(one, taken))).join(", or ");
  }
  if (json.const !== undefined) return code(json.const);
  if (json.enum !== undefined) return json.enum.map(code).join(", ");
  switch (json.type) {
    case "boolean":
      return "`true`, `false`";
    case "integer":
    case "number":
      return numbers(json);
    case "array":
      return `list of: ${typeOf(json.items ?? {}, taken)}`;
    case "object":
      return typeof json.additionalProperties === "object" &&
        Object.keys(json.additionalProperties).length > 0
        ? `mapping to: ${typeOf(json.additionalProperties, taken)}`
        : "mapping";
    case undefined:
      return "anything";
    default:
      return "text";
  }
}

function numbers({ minimum, maximum }: Json): string {
  const from = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const to = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (from === 1 && to === 65535) return "port";
  if (from !== undefined) return to === undefined ? `${from} or more` : `${from} to ${to}`;
  return "number";
}

function code(value: unknown): string {
  return `\`${String(value)}\``;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== "");
}

const TABLE = /(<!-- settings of (machines|aws): ([^>]*) -->)[^]*?(<!-- end of settings -->)/g;

/**
 * Renders the tables of a page again. A table names paths, each of which includes everything below it. A minus in
 * front excludes a path; `cni@calico` selects the keys of one branch of a union.
 */
export function tableWriter(clusters: Clusters): (page: string) => string {
  const known = new Map<string, Row[]>();
  const rows = (platform: Platform, branch: string | undefined): Row[] => {
    const key = `${platform}@${branch ?? ""}`;
    const found = known.get(key) ?? rowsOf(clusters[platform], branch);
    known.set(key, found);
    return found;
  };
  return (page) =>
    page.replace(TABLE, (_all, begin: string, platform: Platform, named: string, end: string) => {
      const names = named.split(/\s+/);
      const wanted = names.filter((name) => !name.startsWith("-"));
      const refused = names.filter((name) => name.startsWith("-")).map((name) => name.slice(1));
      const chosen = wanted.flatMap((name) => {
        const [at = "", branch] = name.split("@");
        const below = rows(platform, branch).filter(({ path }) => isBelow(path, at));
        if (below.length === 0)
          throw new Error(`a table names ${name}, which is not a setting of ${platform}`);
        return below.filter(({ path }) => !refused.some((one) => isBelow(path, one)));
      });
      return `${begin}\n\n${tableOf(chosen)}\n\n${end}`;
    });
}

/** Whether a path is `name`, or a key below it. */
function isBelow(path: string, name: string): boolean {
  return path === name || (path.startsWith(name) && /^[.[]/.test(path.slice(name.length)));
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ path, type, defaultValue, meaning }) => [
    code(path),
    type,
    defaultValue,
    meaning,
  ]);
  return [["Setting", "Value", "Default", "Meaning"], ["---", "---", "---", "---"], ...cells]
    .map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}
