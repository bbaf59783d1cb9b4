import type { z } from "zod";

import { CNI_VARIANTS } from "../cni";
import { nameHere, wordHere } from "./elsewhere";
import { HIDDEN, NAME_OF_SECRET, type Path, type Problems, SECRET_KEY, isPrivateKey } from "./problems";
import { renamedKey } from "./renamed";
import { shapeOf } from "./shapes";
import { type CheckParams, looksLikeKeyMaterial, takenBySchema } from "./schema/primitives";
import { valueAt } from "../core/tree";
import { nearest } from "../text";

type Issue = z.core.$ZodIssue;

/** The input with everything the schema refuses taken out: the key stays, its value is `undefined`. */
export type Pruned = Record<string, unknown>;

/** What a schema said of a value. */
export interface SchemaResult<S extends z.ZodType> {
  /** What it did not refuse. */
  readonly left: unknown;
  /** The value with defaults; undefined where the schema refused something. */
  readonly filled?: z.output<S>;
}

/**
 * Checks `raw` against the schema, adds each issue to `problems`, and hands back what is left, so that further checks
 * see every part that was understood: one typing error must not hide an overlap elsewhere.
 */
export function checkSchema<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  problems: Problems,
): SchemaResult<S> {
  // By the issue's own list: inside of a union its path does not yet lead from the root.
  const validKeys = new WeakMap<readonly string[], string[]>();
  // An issue keeps its message and not its schema, so what the schema takes goes by the message.
  const taken = new Set<string>();
  const parsed = schema.safeParse(raw, {
    reportInput: true,
    error: (issue) => {
      if (issue.code === "unrecognized_keys") validKeys.set(issue.keys, keysOf(issue.inst));
      const allowed =
        issue.code === "invalid_type" ? (takenBySchema(issue.inst) ?? shapeOf(issue.inst)) : undefined;
      if (allowed !== undefined) taken.add(allowed);
      return allowed;
    },
  });
  if (parsed.success) return { left: raw, filled: parsed.data };
  const left = structuredClone(raw);
  for (const issue of parsed.error.issues.flatMap(meantBranch)) {
    const path = issue.path.filter((part) => typeof part !== "symbol");
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        reportUnknownKey(problems, path, key, valueAt(raw, [...path, key]), validKeys.get(issue.keys) ?? []);
        prune(left, [...path, key]);
      }
      continue;
    }
    const place =
      issue.code === "invalid_union" && issue.discriminator !== undefined ? path.slice(0, -1) : path;
    report(problems, path, valueAt(raw, path), issue, taken, (meant) => fits(schema, raw, path, meant));
    prune(left, place);
  }
  return { left };
}

/** The schema takes another value at a path. */
function fits(schema: z.ZodType, raw: unknown, path: Path, meant: unknown): boolean {
  const changed = structuredClone(raw);
  const parent = valueAt(changed, path.slice(0, -1));
  const last = path.at(-1);
  if (last === undefined || parent === null || typeof parent !== "object") return false;
  (parent as Pruned)[last] = meant;
  const { error } = schema.safeParse(changed);
  return !(error?.issues ?? []).some((issue) => path.every((part, index) => issue.path[index] === part));
}

/** The same value of the type that is wanted: a number without its quotes, or text in quotes. */
function ofType(value: unknown, expected: string): unknown {
  const wantsNumber = expected === "number" || expected === "int";
  if (wantsNumber && typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (expected === "boolean" && (value === "true" || value === "false")) return value === "true";
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean"))
    return String(value);
  return undefined;
}

/** Of a union whose branches all fail, the issues of the one that was meant by its type; the union itself if none was. */
function meantBranch(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const meant = issue.errors.filter((branch) => !branch.some(isOfAnotherType));
  const [only] = meant;
  if (only === undefined || meant.length > 1) return [issue];
  // What was meant may hold further unions, as the ports of an opening in a tenant's network.
  return only.flatMap((inner) => meantBranch({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** A branch that takes `false` and nothing else was not meant by a mapping either. */
function isOfAnotherType({ code, path }: Issue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_value");
}

/** The shape of a strict object is what its unknown keys may have meant. */
function keysOf(schema: unknown): string[] {
  const shape = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape;
  return Object.keys(shape ?? {});
}

function reportUnknownKey(
  problems: Problems,
  path: Path,
  key: string,
  value: unknown,
  valid: readonly string[],
): void {
  const shown =
    SECRET_KEY.test(key) || (typeof value === "string" && looksLikeKeyMaterial(value)) ? HIDDEN : value;
  const renamed = renamedKey([...path, key]);
  if (renamed !== undefined) {
    problems.add([...path, key], shown, "renamed key", { allowed: renamed });
    return;
  }
  const here = nameHere(path, key);
  const near = here === undefined ? nearest(key, valid) : undefined;
  problems.add([...path, key], shown, "unknown key", {
    allowed:
      here === undefined
        ? [...valid].sort().join(", ")
        : here.startsWith("leave it out")
          ? here
          : `instead: ${here}`,
    nearest: near,
  });
}

function report(
  problems: Problems,
  path: Path,
  value: unknown,
  issue: Issue,
  taken: ReadonlySet<string>,
  isTaken: (meant: unknown) => boolean,
): void {
  if (reportSecret(problems, path, value)) return;
  const later = knownFromElsewhere(path, value, issue);
  if (later !== undefined) {
    problems.add(path, value, later.message, { allowed: later.allowed });
    return;
  }
  switch (issue.code) {
    case "custom": {
      const { allowed, hidden, nearest: near } = (issue.params ?? {}) as CheckParams;
      // Text in place of a number, where a number or other text is taken.
      const meant = hidden === true ? undefined : ofType(value, "number");
      problems.add(path, hidden === true ? HIDDEN : value, issue.message, {
        allowed,
        nearest: near ?? (meant !== undefined && isTaken(meant) ? JSON.stringify(meant) : undefined),
      });
      return;
    }
    case "invalid_type": {
      const other = ofType(value, issue.expected);
      const meant = other !== undefined && isTaken(other) ? other : undefined;
      problems.add(path, mayHoldSecret(path, value) ? HIDDEN : value, wrongType(value, issue.expected), {
        allowed: expectedName(
          path,
          issue.expected,
          meant,
          taken.has(issue.message) ? issue.message : undefined,
        ),
        nearest: meant === undefined ? undefined : JSON.stringify(meant),
      });
      return;
    }
    case "invalid_value":
    case "invalid_union": {
      const options = issue.code === "invalid_value" ? issue.values.map(String) : optionsOf(issue);
      problems.add(path, value, value === undefined ? "is missing" : "is not allowed", {
        allowed: options.length > 0 ? options.join(", ") : eitherName(path, issue, taken),
        nearest:
          typeof value === "string" ? (nearest(value, options) ?? wordHere(value, options)) : undefined,
      });
      return;
    }
    case "too_small":
    case "too_big": {
      const small = issue.code === "too_small";
      const limit = countOf(small ? issue.minimum : issue.maximum, issue.origin);
      const allowed = `at ${small ? "least" : "most"} ${limit}`;
      problems.add(path, value, small ? "is too small" : "is too large", { allowed });
      return;
    }
    case "invalid_key": {
      const [inner] = issue.issues;
      const { allowed } = ((inner?.code === "custom" ? inner.params : undefined) ?? {}) as CheckParams;
      const key = path.at(-1);
      problems.add(path, key, `is a key that ${inner?.message ?? "is not allowed"}`, { allowed });
      return;
    }
    case "unrecognized_keys":
    case "invalid_element":
    case "invalid_format":
    case "not_multiple_of":
      problems.add(path, value, issue.message);
  }
}

function optionsOf(issue: Issue): string[] {
  const options = (issue as { options?: unknown }).options;
  return Array.isArray(options) ? options.map(String) : [];
}

/** Words people know from elsewhere, refused with the reason. */
function knownFromElsewhere(
  path: Path,
  value: unknown,
  issue: Issue,
): { message: string; allowed: string } | undefined {
  const place = path.join(".");
  const others = CNI_VARIANTS.filter((variant) => variant.split("/")[1] === value);
  if (place === "cni.backend" && issue.code === "invalid_value" && others.length > 0) {
    const owners = others.map((variant) => variant.split("/")[0]).join(" and ");
    return {
      message: `is a backend of another CNI (${owners})`,
      allowed: issue.values.map(String).join(", "),
    };
  }
  if (place === "kubeProxy.mode" && typeof value === "string" && value.toLowerCase() === "ipvs") {
    return {
      message: "is deprecated since Kubernetes 1.35 (KEP-5495); use nftables",
      allowed: "nftables, iptables",
    };
  }
  if (place === "kubeProxy.mode" && value === "kernelspace") {
    return { message: "is for Windows nodes only", allowed: "nftables, iptables" };
  }
  return undefined;
}

/** What is counted in values of a type, one and several. */
const UNITS: Readonly<Record<string, readonly [string, string]>> = {
  array: [" entry", " entries"],
  string: [" character", " characters"],
};

function countOf(number: number | bigint, origin: string): string {
  const [one, several] = UNITS[origin] ?? ["", ""];
  return `${number}${Number(number) === 1 ? one : several}`;
}

/** Reports a private key or an encrypted value among the settings. @returns whether it was one */
export function reportSecret(problems: Problems, path: Path, value: unknown): boolean {
  const what = isEncrypted(value)
    ? "an encrypted value"
    : typeof value === "string" && isPrivateKey(value)
      ? "a private key"
      : undefined;
  if (what === undefined) return false;
  problems.add(path, HIDDEN, `is ${what}; put secrets in kubeadm:secrets and refer to them by name`, {
    allowed: NAME_OF_SECRET,
  });
  return true;
}

/** Whether it is a value as `pulumi config set --secret` writes it. */
function isEncrypted(value: unknown): boolean {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === "secure";
}

/** Where a secret's name belongs, a mapping or list may hold the secret itself. */
function mayHoldSecret(path: Path, value: unknown): boolean {
  const place = path.join(".");
  const named = path.at(-1) === "key" || place.startsWith("encryption.keys") || place === "oidc.ca";
  return named && value !== null && typeof value === "object";
}

function wrongType(value: unknown, expected: string): string {
  if (value === undefined) return "is missing";
  if (typeof value !== "number") return `is ${typeName(value)}`;
  if (!Number.isFinite(value)) return "is not a finite number";
  return expected === "int" ? "is not a whole number" : "is a number";
}

function typeName(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "boolean") return "a yes or no";
  if (typeof value === "string") return "text";
  return `a ${typeof value}`;
}

const ZONES = "a number of zones, or a list of their letters or names, such as [a, b, c]";

/** Whether words about text beside a number say what numbers are taken too. */
export function saysNumbers(words: string): boolean {
  return /\b(number|port)\b/.test(words);
}

/** What the branches of a union take, as a taint's two forms, or the values of a flag. */
function eitherName(path: Path, issue: Issue, own: ReadonlySet<string>): string {
  if (path.at(-1) === "zones") return ZONES;
  if (path.at(-2) === "taints") return "a taint, such as dedicated=gpu:NoSchedule";
  const branches = issue.code === "invalid_union" ? issue.errors.flat() : [];
  const [words] = branches.filter(({ code, message }) => code === "invalid_type" && own.has(message));
  if (words?.code === "invalid_type" && words.expected === "string" && saysNumbers(words.message))
    return words.message;
  const taken = new Set(branches.filter(isOfAnotherType).flatMap(takenBy));
  if (taken.size === 0) return "text, a number, true or false";
  const kinds = [...taken];
  return [kinds.slice(0, -1).join(", "), ...kinds.slice(-1)].filter((word) => word !== "").join(", or ");
}

function takenBy(issue: Issue): string[] {
  if (issue.code === "invalid_value") return issue.values.map(String);
  if (issue.code !== "invalid_type") return [];
  return issue.expected === "boolean" ? ["true, false"] : [EXPECTED[issue.expected] ?? issue.expected];
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

/** @param meant the value as the type that is wanted, where that is taken */
function expectedName(path: Path, expected: string, meant: unknown, own: string | undefined): string {
  if (path.at(-1) === "hostKey") {
    return "the host's public key, one line as 'ssh-ed25519 AAAA...' (ssh-keyscan HOST, compared with the host's console)";
  }
  const place = path.join(".");
  if (["access", "access.api", "access.ssh"].includes(place)) {
    const lists = "allowed ranges, such as [203.0.113.0/24]: everything else is closed";
    return place === "access" ? `a mapping with api and ssh, each a list of ${lists}` : `a list of ${lists}`;
  }
  const name = own ?? EXPECTED[expected] ?? expected;
  if (typeof meant === "number") return `${name}, without quotes`;
  // YAML reads 202612 as a number and true as a truth value.
  return typeof meant === "string" && !name.includes("quotes")
    ? `${name}; in quotes where YAML would read something else`
    : name;
}

function prune(root: unknown, path: Path): void {
  const parent = valueAt(root, path.slice(0, -1));
  const last = path.at(-1);
  if (last === undefined || parent === null || typeof parent !== "object") return;
  (parent as Pruned)[last] = undefined;
}
