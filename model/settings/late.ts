/**
 * Settings whose values another resource makes: where they are not known yet, a token is in their place, as `${issuer}`
 * does for the issuer. Checks pass over them, and the whole is checked again when they are known.
 */
import { type z } from "zod";
import { mapTexts } from "../core/tokens";
import { valueAt } from "../core/tree";
import { checkSchema, type SchemaResult } from "./issues";
import { pathText, type Path, type Problems } from "./problems";
import { address, host } from "./schema/primitives";
import { hostKey } from "./schema/ssh";
import { bareHostKey } from "./sshKeys";

/** What may be late of a machine, and of the bastion. */
export type LateKey = "host" | "hostKey" | "nodeAddress";

const KEYS: Readonly<Record<LateKey, { readonly takes: z.ZodType<string>; readonly sample: string }>> = {
  host: { takes: host, sample: "late.invalid" },
  hostKey: {
    takes: hostKey,
    sample: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  },
  nodeAddress: { takes: address, sample: "10.0.0.1" },
};

/** Where late values are taken, for a message. */
export const LATE_PATHS = "machines.<name>.host, hostKey and nodeAddress, bastion.host and hostKey";

function keyOf(path: Path): LateKey | undefined {
  const [first, ...rest] = path;
  const key = rest.at(-1);
  if (
    first === "machines" &&
    rest.length === 2 &&
    (key === "host" || key === "hostKey" || key === "nodeAddress")
  )
    return key;
  return first === "bastion" && rest.length === 1 && (key === "host" || key === "hostKey") ? key : undefined;
}

/** Whether the value at the path may be late. */
export function mayBeLate(path: Path): boolean {
  return keyOf(path) !== undefined;
}

/** What is at the path until its value is known. */
export function lateToken(path: Path): string {
  return `\${${pathText(path)}}`;
}

const TOKEN = /\$\{(?:machines|bastion)[^{}]*\}/g;

/** Tokens anywhere in a value, each once. */
export function lateTokens(value: unknown): string[] {
  return [...new Set((JSON.stringify(value) ?? "").match(TOKEN) ?? [])];
}

/** The same with values in place of the tokens that have one. */
export function withLateValues<T>(given: T, values: ReadonlyMap<string, string>): T {
  return mapTexts(given, (text) => text.replace(TOKEN, (token) => values.get(token) ?? token));
}

/** A late value as the resolved settings have it; undefined for one that the checks refuse. */
export function lateValue(path: Path, value: unknown): string | undefined {
  const key = keyOf(path);
  const taken = key === undefined ? undefined : KEYS[key].takes.safeParse(value).data;
  return taken === undefined || key !== "hostKey" ? taken : bareHostKey(taken);
}

/** `checkSchema` where values are late: it sees samples in their place, and in what is left they are as if refused: checks across settings skip them. */
export function checkWithLate<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  late: readonly Path[],
  problems: Problems,
): SchemaResult<S> {
  if (late.length === 0) return checkSchema(schema, raw, problems);
  const { left } = checkSchema(schema, withSamples(raw, late), problems);
  for (const path of late) putAt(left, path, undefined);
  return { left };
}

/** A copy with values that the schema takes at the paths. */
function withSamples<T>(raw: T, late: readonly Path[]): T {
  const copy = structuredClone(raw);
  for (const path of late) {
    const key = keyOf(path);
    if (key !== undefined) putAt(copy, path, KEYS[key].sample);
  }
  return copy;
}

/** Puts the tokens of late values where they belong, in place: they are taken out as if they had been refused. */
export function withTokens(written: unknown, late: readonly Path[]): void {
  for (const path of late) {
    const parent = valueAt(written, path.slice(0, -1));
    if (typeof parent === "object" && parent !== null)
      Object.assign(parent, { [path.at(-1) ?? ""]: lateToken(path) });
  }
}

/** Sets the value of a key that is there, in place. */
export function putAt(root: unknown, path: Path, value: unknown): void {
  const [key = ""] = path.slice(-1);
  const parent = valueAt(root, path.slice(0, -1));
  if (typeof parent === "object" && parent !== null && key in parent)
    (parent as Record<string | number, unknown>)[key] = value;
}
