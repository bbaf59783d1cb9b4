import { pathText, SettingsError, sortedProblems, type Path, type Problem } from "./problems";

/** What settings are made of. */
export const PLAIN_VALUES = "text, numbers, true and false, lists, and objects with keys";

const BUILT_IN = [Map, Set, WeakMap, WeakSet, Date, RegExp, Error, ArrayBuffer] as const;

/**
 * What a value is that no stack file could have, and that reads as an empty object or cannot be copied; undefined for what may be a
 * setting.
 */
export function unplain(value: unknown): string | undefined {
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value === "bigint") return "a bigint";
  if (ArrayBuffer.isView(value)) return "bytes";
  const kind = BUILT_IN.find((one) => value instanceof one);
  return kind && `a ${kind.name}`;
}

/** @throws SettingsError with every value that is not plain */
export function refuseUnplain(raw: unknown, title: string | undefined): void {
  const problems: Problem[] = [];
  const above = new Set<unknown>();
  const visit = (value: unknown, path: Path): void => {
    const kind = unplain(value);
    if (kind !== undefined) problems.push(notPlain(path, kind, "is not a setting"));
    if (kind !== undefined || value === null || typeof value !== "object") return;
    if (above.has(value)) {
      problems.push(notPlain(path, "an object", "contains itself"));
      return;
    }
    above.add(value);
    for (const [key, inner] of Array.isArray(value) ? value.entries() : Object.entries(value))
      visit(inner, [...path, key]);
    above.delete(value);
  };
  visit(raw, []);
  if (problems.length > 0) throw new SettingsError(sortedProblems(problems), title);
}

/** Of values like these a report shows only what they are. */
function notPlain(path: Path, value: string, message: string): Problem {
  return { path: pathText(path), value, message, allowed: PLAIN_VALUES };
}
