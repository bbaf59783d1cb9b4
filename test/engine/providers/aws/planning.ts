/**
 * What a change means, as Terraform's plugin SDK and Pulumi's bridge find it: the state against the arguments, with defaults,
 * without what only AWS fills in, in the order-free or document form that the schema has it.
 */
import { detailedDiff, topLevel, type DetailedDiff, type DiffKind } from "../shared/diff";
import {
  containsUnknown,
  isObject,
  isUnknown,
  sameValue,
  unknown,
  type Value,
  type Values,
} from "../shared/values";
import { argumentsOf, has, type Kind } from "./kind";

/** Arguments with defaults; without nulls, which are the same as nothing. */
export function withDefaults(kind: Kind, inputs: Values): Values {
  const entries = Object.entries({ ...kind.defaults, ...withoutNulls(inputs) });
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith("__")));
}

/** The changed paths; `olds` is the state, `oldInputs` the arguments that it came from. All without marks. */
export function plan(kind: Kind, olds: Values, oldInputs: Values, news: Values): DetailedDiff {
  const planned = withDefaults(kind, news);
  const before: Values = {};
  const after: Values = {};
  for (const name of argumentsOf(kind)) {
    const now = planned[name];
    if (now === undefined && isComputed(kind, name)) continue;
    const old = olds[name];
    const shape = [now, withoutNulls(oldInputs)[name]].filter((entry) => entry !== undefined);
    const left = canonical(kind, name, shape.length > 0 ? projected(old, shape) : old);
    const right = canonical(kind, name, now);
    // Numbers and flags of zero, and empty lists, are the same as nothing (schema.ResourceData.GetOk).
    if (isEmpty(left) && isEmpty(right)) continue;
    if (left !== undefined && left !== null) before[name] = left;
    if (right !== undefined && right !== null) after[name] = right;
  }
  const detailed = detailedDiff(before, after);
  const changed = [...new Set(Object.keys(detailed).map(topLevel))];
  const conditional = kind.replaces?.(changed, olds, planned) ?? [];
  return Object.fromEntries(
    Object.entries(detailed).map(([path, change]) => {
      const name = topLevel(path);
      const replaces = name === "region" || has(kind, name, "replaces") || conditional.includes(name);
      return [path, replaces ? (`${change}-replace` as DiffKind) : change];
    }),
  );
}

/** The state that a preview shows: what is new over what is there, and what is made anew as unknown. */
export function plannedState(kind: Kind, olds: Values | undefined, oldInputs: Values, news: Values): Values {
  const planned = withDefaults(kind, news);
  if (!olds) {
    const open = argumentsOf(kind).filter((name) => isComputed(kind, name) && !(name in planned));
    const unknowns = [...open, ...(kind.outputs ?? [])].map((name) => [name, unknown] as const);
    return { ...planned, ...Object.fromEntries(unknowns) };
  }
  const changed = [...new Set(Object.keys(plan(kind, olds, oldInputs, news)).map(topLevel))];
  const recomputed = kind.recomputed?.(changed, planned) ?? [];
  return {
    ...merged(kind, olds, planned),
    ...Object.fromEntries(recomputed.map((name) => [name, unknown])),
  };
}

/** State after an update: arguments that went are gone, unless they are kept by AWS. */
export function merged(kind: Kind, olds: Values, planned: Values): Values {
  const gone = argumentsOf(kind).filter((name) => !(name in planned) && !isComputed(kind, name));
  const kept = Object.fromEntries(Object.entries(olds).filter(([name]) => !gone.includes(name)));
  const filled = Object.entries(planned).map(
    ([name, value]) => [name, filledIn(value, olds[name], kind.toldBy?.[name])] as const,
  );
  return { ...kept, ...Object.fromEntries(filled) };
}

/** Parts of blocks that AWS filled in and nobody gives stay, and so does all of a block that is told by some of its parts. */
function filledIn(value: Value, old: Value | undefined, toldBy: readonly string[] = []): Value {
  if (Array.isArray(value) && Array.isArray(old) && toldBy.length > 0) {
    const same = (one: Value, other: Value): boolean =>
      isObject(one) &&
      isObject(other) &&
      toldBy.every((part) => sameValue(one[part] ?? "", other[part] ?? ""));
    return value.map((block) => old.find((there) => same(there, block)) ?? block);
  }
  if (!isObject(value) || !isObject(old)) return value;
  return { ...old, ...value };
}

function isComputed(kind: Kind, name: string): boolean {
  return name === "region" || has(kind, name, "computed");
}

/** What of `value` stands in one of the shapes, so that parts which only AWS gives do not count. */
function projected(value: Value | undefined, shapes: readonly Value[]): Value | undefined {
  if (isObject(value)) {
    const blocks = shapes.filter(isObject);
    if (blocks.length === 0) return value;
    const names = Object.keys(value).filter((name) => blocks.some((block) => given(block[name])));
    return Object.fromEntries(
      names.map((name) => [
        name,
        projected(
          value[name],
          blocks.map((block) => block[name]).filter((entry) => entry !== undefined),
        ) ?? null,
      ]),
    );
  }
  if (Array.isArray(value)) {
    const lists = shapes.filter((shape) => Array.isArray(shape));
    // Sets of blocks have no places to compare by: any block's shape will do.
    const entries = lists.flat().filter(isObject);
    return entries.length === 0 ? value : value.map((entry) => projected(entry, entries) ?? null);
  }
  return value;
}

function given(value: Value | undefined): boolean {
  return value !== undefined && value !== null;
}

function canonical(kind: Kind, name: string, value: Value | undefined): Value | undefined {
  if (value === undefined || isUnknown(value)) return value;
  if (has(kind, name, "json") && !containsUnknown(value)) return JSON.stringify(document(value));
  const clean = withoutNullsDeep(value);
  if (has(kind, name, "set") && Array.isArray(clean)) {
    const told = kind.toldBy?.[name];
    const blocks = told === undefined ? clean : clean.map((block) => partsOf(block, told));
    return [...blocks].sort((a, b) => (JSON.stringify(sorted(a)) < JSON.stringify(sorted(b)) ? -1 : 1));
  }
  return clean;
}

function partsOf(block: Value, parts: readonly string[]): Value {
  if (!isObject(block)) return block;
  return Object.fromEntries(Object.entries(block).filter(([part]) => parts.includes(part)));
}

/** Policies are compared by meaning (awspolicyequivalence): no order of keys, one entry as a list of one. */
function document(value: Value): Value {
  let parsed = value;
  try {
    if (typeof value === "string") parsed = JSON.parse(value) as Value;
  } catch {
    return value;
  }
  return sorted(unwrapped(parsed));
}

function unwrapped(value: Value): Value {
  if (Array.isArray(value)) {
    const entries = value.map(unwrapped);
    if (entries.length === 1) return entries[0];
    return entries.every((entry) => typeof entry === "string") ? [...entries].sort() : entries;
  }
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, unwrapped(entry)]));
  }
  return value;
}

function sorted(value: Value): Value {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

function isEmpty(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === false || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function withoutNulls(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

function withoutNullsDeep(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutNullsDeep);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutNullsDeep(entry)]));
}

/** Old arguments with what has changed in the account under them: what a refresh puts in the place of arguments. */
export function refreshedInputs(kind: Kind, inputs: Values, state: Values): Values {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => {
      if (!argumentsOf(kind).includes(name) || value === null) return [name, value];
      const there = projected(state[name], [value]);
      const same = sameValue(canonical(kind, name, value) ?? null, canonical(kind, name, there) ?? null);
      return [name, same || there === undefined ? value : there];
    }),
  );
}
