/**
 * Inputs brought into the form in which they can be compared with what the API server stores (provider.go,
 * normalizeInputs and pruneLiveState; provider/util.go, pruneMap; clients/unstructured.go).
 *
 * The original sends inputs of built-in kinds through the Go types, which rewrites quantities and drops empty values of
 * fields with `omitempty`. There are no Go types here, so the same is had by `likeLive`, which compares with the stored
 * object: a quantity of equal amount takes the stored spelling, and an empty value that was applied before and that the
 * server did not store counts as absent. One difference is left: an empty value of such a field that is newly written
 * shows once as a change, where the original shows none.
 */
import { containsUnknown, isObject, type Value, type Values } from "../shared/values";
import { builtInVersions } from "./kinds";
import { isCrd, isSecretKind, objectAt, pluck, stringAt, without, type KubeObject } from "./objects";
import { isQuantityField, sameQuantity } from "./quantity";

const readOnlyMetadata = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
] as const;

export function normalized(inputs: KubeObject): KubeObject {
  let object = inputs;
  if (isBuiltIn(object) && !containsUnknown(object)) {
    if (isCrd(object)) object = normalizedCrd(object);
    else if (isSecretKind(object)) object = normalizedSecret(object);
  }
  return readOnlyMetadata.reduce((each, field) => without(each, "metadata", field), object);
}

/** Kinds that a CRD defines are not in the table (provider.go, shouldNormalize). */
const isBuiltIn = (object: KubeObject) => builtInVersions.has(stringAt(object, "apiVersion"));

/** The API server drops `preserveUnknownFields: false`, and takes no status from inputs (normalizeCRD). */
function normalizedCrd(object: KubeObject): KubeObject {
  const kept = pluck(object, "spec", "preserveUnknownFields") === false;
  return without(kept ? without(object, "spec", "preserveUnknownFields") : object, "status");
}

/** `stringData` becomes `data`, over what is there; other data is decoded and encoded, which drops white space. */
function normalizedSecret(object: KubeObject): KubeObject {
  const plainText = objectAt(object, "stringData");
  const data = objectAt(object, "data");
  if (Object.keys(plainText).length > 0) {
    const encoded = Object.entries(plainText).map(([key, value]): [string, Value] => [
      key,
      typeof value === "string" ? base64(value) : value,
    ]);
    return { ...without(object, "stringData"), data: { ...data, ...Object.fromEntries(encoded) } };
  }
  if (Object.keys(data).length === 0) return object;
  const cleaned = Object.entries(data).map(([key, value]): [string, Value] => [
    key,
    typeof value === "string" && isBase64(value) ? value.replace(/[\r\n]/g, "") : value,
  ]);
  return { ...object, data: Object.fromEntries(cleaned) };
}

const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64");
const isBase64 = (text: string) =>
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text.replace(/[\r\n]/g, ""));

/** What is live, cut to the shape of the inputs that made it; list entries go by index (pruneMap, pruneSlice). */
export function pruned(live: Values, shape: Values): Values {
  const result: Values = {};
  for (const [key, value] of Object.entries(live)) {
    const wanted = shape[key];
    if (wanted !== undefined) result[key] = prunedValue(value, wanted);
  }
  return result;
}

function prunedValue(live: Value, shape: Value): Value {
  if (isObject(live) && isObject(shape)) return pruned(live, shape);
  if (!Array.isArray(live) || !Array.isArray(shape)) return live;
  if (live.length === 0 || shape.length === 0) return [];
  if (kindOf(live[0]) !== kindOf(shape[0])) return live;
  return shape.slice(0, live.length).map((wanted, index) => prunedValue(live[index], wanted));
}

function kindOf(value: Value | undefined): string {
  return Array.isArray(value) ? "list" : value === null ? "null" : typeof value;
}

/** New inputs in the spelling of what is stored, see the top of this file; `before` are the inputs applied last. */
export function likeLive(news: KubeObject, live: KubeObject, before: KubeObject): KubeObject {
  return isBuiltIn(news) ? (like(news, live, before, []) as KubeObject) : news;
}

function like(
  news: Value,
  live: Value | undefined,
  before: Value | undefined,
  path: readonly string[],
): Value {
  if (isObject(news)) {
    const result: Values = {};
    for (const [key, value] of Object.entries(news)) {
      const liveValue = pluck(live, key);
      const beforeValue = pluck(before, key);
      const notStored = liveValue === undefined || liveValue === null;
      if (notStored && isEmpty(value) && beforeValue !== undefined && isEmpty(beforeValue)) continue;
      result[key] = like(value, liveValue, beforeValue, [...path, key]);
    }
    return result;
  }
  if (Array.isArray(news)) {
    const entry = (from: Value | undefined, index: number) => (Array.isArray(from) ? from[index] : undefined);
    return news.map((value, index) => like(value, entry(live, index), entry(before, index), path));
  }
  if (live !== undefined && isQuantityField(path) && sameQuantity(news, live)) return live;
  return news;
}

/** Go's zero values, and objects and lists that hold nothing else. */
function isEmpty(value: Value | undefined): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.values(value).every(isEmpty);
  return value === null || value === false || value === 0 || value === "";
}

/**
 * Inputs as a refresh finds them: what was applied, with the values that are live now (provider.go, Read). Where stored
 * and applied value mean the same, the applied spelling stays.
 */
export function liveInputs(live: KubeObject, applied: KubeObject): KubeObject {
  const found = pruned(live, applied);
  return isBuiltIn(applied) ? (asApplied(found, applied, []) as KubeObject) : found;
}

function asApplied(found: Value | undefined, applied: Value, path: readonly string[]): Value | undefined {
  if (isObject(applied) && (isObject(found) || found === undefined)) {
    const result: Values = { ...found };
    for (const [key, value] of Object.entries(applied)) {
      const inner = result[key] ?? undefined;
      const kept =
        inner === undefined && isEmpty(value) ? value : inner && asApplied(inner, value, [...path, key]);
      if (kept !== undefined) result[key] = kept;
    }
    return result;
  }
  if (Array.isArray(applied) && Array.isArray(found)) {
    return found.map((value, index) =>
      applied[index] === undefined ? value : (asApplied(value, applied[index], path) ?? value),
    );
  }
  if (found !== undefined && isQuantityField(path) && sameQuantity(found, applied)) return applied;
  return found;
}
