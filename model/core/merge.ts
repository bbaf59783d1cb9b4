/** Plain data as it comes out of the settings. */
export type Config = Readonly<Record<string, unknown>>;

function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * `over` laid on `base`: objects by key, everything else (lists too) replaced, as a JSON merge patch does (RFC 7386).
 * A `null` removes its key.
 */
export function mergeConfig(base: Config, over: Config): Record<string, unknown> {
  return merge(base, over, false);
}

/** As `mergeConfig`, but a `null` stays, so that the result is itself a merge patch with the same removals. */
export function mergePatch(base: Config, over: Config): Record<string, unknown> {
  return merge(base, over, true);
}

function merge(base: Config, over: Config, keepNull: boolean): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    if (value === null && !keepNull) delete result[key];
    else if (isConfig(value)) result[key] = merge(isConfig(below) ? below : {}, value, keepNull);
    else if (value !== undefined) result[key] = value;
  }
  return result;
}
