import { isMapping, type Mapping } from "./tree";

/**
 * `over` laid on `base`: objects by key, everything else (lists too) replaced, as a JSON merge patch does (RFC 7386).
 * A `null` removes its key.
 */
export function mergeConfig(base: Mapping, over: Mapping): Record<string, unknown> {
  return merge(base, over, false);
}

/** As `mergeConfig`, but a `null` stays, so that the result is itself a merge patch with the same removals. */
export function mergePatch(base: Mapping, over: Mapping): Record<string, unknown> {
  return merge(base, over, true);
}

function merge(base: Mapping, over: Mapping, keepNull: boolean): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    if (value === null && !keepNull) delete result[key];
    else if (isMapping(value)) result[key] = merge(isMapping(below) ? below : {}, value, keepNull);
    else if (value !== undefined) result[key] = value;
  }
  return result;
}
