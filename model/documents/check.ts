import { isMapping } from "../core/tree";
import { type Span, covers } from "../flags/table";
import type { DocumentTypes, FieldType } from "./types";

/** What is wrong with one value of a document, continuing "<path> <value> ...". */
export interface Finding {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  readonly message: string;
  readonly allowed: string;
  /** The field or word that was meant; the caller finds it among `candidates` where it is not given. */
  readonly candidates?: readonly string[];
  /** The value as it should be written. */
  readonly meant?: string;
  /** Whether the key is what was misspelt; else the value is. */
  readonly unknownKey?: true;
}

export interface DocumentRules {
  readonly types: DocumentTypes;
  /** Name of the struct that the document is. */
  readonly root: string;
  /** Values of fields that take few words, by `Struct.field`; of a list, of each entry. */
  readonly words?: Readonly<Record<string, readonly string[]>>;
  /** Keys of maps, by `Struct.field`. */
  readonly keys?: Readonly<Record<string, readonly string[]>>;
  /** Least and most of numbers, by `Struct.field`. */
  readonly ranges?: Readonly<Record<string, readonly [least: number, most: number]>>;
  /** `null` takes a key away, as in a merge patch; default: it is refused. */
  readonly nulls?: boolean;
  /** Keys that are looked at elsewhere. */
  readonly except?: readonly string[];
}

// Go's time.ParseDuration.
export const DURATION = /^[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+)$/;
// apimachinery, pkg/api/resource/quantity.go.
export const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d+|n|u)?$/;

type Place = readonly (string | number)[];

/** Holds a document against the Go types that its component reads strictly: names, types and words of every field. */
export function checkDocument(rules: DocumentRules, document: unknown, minor: string | undefined): Finding[] {
  const found: Finding[] = [];
  checkStruct(rules, rules.root, document, [], minor, found);
  return found;
}

function checkStruct(
  rules: DocumentRules,
  name: string,
  value: unknown,
  path: Place,
  minor: string | undefined,
  found: Finding[],
): void {
  const fields = rules.types[name] ?? {};
  if (!isMapping(value)) {
    found.push({
      path,
      value,
      message: `is ${typeName(value)}`,
      allowed: `a mapping with ${listed(fields)}`,
    });
    return;
  }
  const there = Object.entries(fields).filter(
    ([, type]) => minor === undefined || covers(parsed(type).span, minor),
  );
  for (const [key, inner] of Object.entries(value)) {
    if (path.length === 0 && rules.except?.includes(key) === true) continue;
    const type = there.find(([field]) => field === key)?.[1];
    if (type === undefined) {
      const since = Object.hasOwn(fields, key) ? parsed(fields[key] ?? "").span.since : undefined;
      found.push({
        path: [...path, key],
        value: inner,
        message:
          since === undefined
            ? `unknown key: ${name} does not have it`
            : `unknown key: ${name} has it since Kubernetes ${since}`,
        allowed: there.length > 30 ? `the fields of ${name}` : listed(Object.fromEntries(there)),
        unknownKey: true,
        candidates: there.map(([field]) => field),
      });
      continue;
    }
    checkValue(rules, `${name}.${key}`, parsed(type).type, inner, [...path, key], minor, found);
  }
}

function checkValue(
  rules: DocumentRules,
  place: string,
  type: string,
  value: unknown,
  path: Place,
  minor: string | undefined,
  found: Finding[],
): void {
  if (value === null && rules.nulls === true) return;
  if (type.startsWith("[]")) {
    if (!Array.isArray(value)) {
      found.push({ path, value, message: `is ${typeName(value)}`, allowed: "a list" });
      return;
    }
    value.forEach((one, index) =>
      checkValue(rules, place, type.slice(2), one, [...path, index], minor, found),
    );
    return;
  }
  if (type.startsWith("map ")) {
    checkMap(rules, place, type.slice(4), value, path, minor, found);
    return;
  }
  if (Object.hasOwn(rules.types, type)) {
    checkStruct(rules, type, value, path, minor, found);
    return;
  }
  const wrong = wrongPlain(type, value) ?? wrongWord(rules, place, value) ?? wrongNumber(rules, place, value);
  if (wrong !== undefined) found.push({ path, value, ...wrong });
}

function checkMap(
  rules: DocumentRules,
  place: string,
  type: string,
  value: unknown,
  path: Place,
  minor: string | undefined,
  found: Finding[],
): void {
  if (!isMapping(value)) {
    found.push({ path, value, message: `is ${typeName(value)}`, allowed: "a mapping" });
    return;
  }
  const keys = rules.keys?.[place];
  for (const [key, inner] of Object.entries(value)) {
    if (keys !== undefined && !keys.includes(key)) {
      found.push({
        path: [...path, key],
        value: inner,
        message: "unknown key",
        allowed: keys.join(", "),
        unknownKey: true,
        candidates: keys,
      });
    } else checkValue(rules, place, type, inner, [...path, key], minor, found);
  }
}

type Wrong = Pick<Finding, "message" | "allowed" | "candidates" | "meant">;

function wrongPlain(type: string, value: unknown): Wrong | undefined {
  const is = `is ${typeName(value)}`;
  switch (type) {
    case "bool": {
      const meant = typeof value === "string" && /^(true|false)$/.test(value) ? value : undefined;
      return typeof value === "boolean"
        ? undefined
        : {
            message: is,
            allowed: "true or false, without quotes",
            ...(meant === undefined ? {} : { meant }),
          };
    }
    case "int":
      return Number.isInteger(value)
        ? undefined
        : {
            message: typeof value === "number" ? "is not a whole number" : is,
            allowed: "a whole number, without quotes",
          };
    case "float":
      return typeof value === "number" ? undefined : { message: is, allowed: "a number, without quotes" };
    case "duration":
      if (typeof value === "string" && DURATION.test(value)) return undefined;
      return {
        message: typeof value === "string" ? "is not a duration" : is,
        allowed: "a duration with its unit, such as 30s, 5m or 1h30m",
        ...(/^\d+$/.test(String(value)) ? { meant: `${String(value)}s` } : {}),
      };
    case "quantity":
      return (typeof value === "string" || typeof value === "number") && QUANTITY.test(String(value))
        ? undefined
        : {
            message: typeof value === "string" ? "is not a quantity" : is,
            allowed: "a Kubernetes quantity, such as 100m or 50Mi",
          };
    case "string":
      return typeof value === "string"
        ? undefined
        : {
            message: is,
            allowed: "text, in quotes where YAML would read something else",
            ...(typeof value === "number" || typeof value === "boolean"
              ? { meant: `"${String(value)}"` }
              : {}),
          };
    default:
      return undefined;
  }
}

function wrongWord(rules: DocumentRules, place: string, value: unknown): Wrong | undefined {
  const words = rules.words?.[place];
  if (words === undefined || words.includes(String(value))) return undefined;
  return { message: "is not allowed", allowed: words.join(", "), candidates: words };
}

function wrongNumber(rules: DocumentRules, place: string, value: unknown): Wrong | undefined {
  const range = rules.ranges?.[place];
  if (range === undefined || typeof value !== "number") return undefined;
  const [least, most] = range;
  if (value >= least && value <= most) return undefined;
  const allowed = most === Infinity ? `${least} or more` : `${least} to ${most}`;
  return { message: value < least ? "is too small" : "is too large", allowed };
}

function parsed(field: FieldType): { type: string; span: Span } {
  const match = /^(.*?)(?: (\d+\.\d+)?-(\d+\.\d+)?)?$/.exec(field);
  const [, type = field, since, until] = match ?? [];
  return {
    type,
    span: { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) },
  };
}

function listed(fields: Readonly<Record<string, unknown>>): string {
  return Object.keys(fields).sort().join(", ");
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return "text";
  return typeof value === "boolean" ? "true or false" : "a number";
}
