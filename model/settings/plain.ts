import { pathText, SettingsError, sortedProblems, type Path, type Problem } from "./problems";

/** What settings are made of. */
const PLAIN_VALUES = "text, numbers, true and false, lists, and objects with keys";

const BUILT_IN = [Map, Set, WeakMap, WeakSet, Date, RegExp, Error, ArrayBuffer] as const;

export const NOT_A_SETTING = "is not a setting";

/** What a value is that no stack file could have, and that reads as an empty object or cannot be copied; undefined for what may be a setting. */
function unplain(value: unknown): string | undefined {
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value === "bigint") return "a bigint";
  if (ArrayBuffer.isView(value)) return "bytes";
  const kind = BUILT_IN.find((one) => value instanceof one);
  return kind && `a ${kind.name}`;
}

/**
 * A value that no stack file could have, or an object inside itself; undefined for what may be a setting. Of values like these a report
 * shows only what they are.
 *
 * @param above the objects that it is in
 */
export function unplainProblem(path: Path, value: unknown, above: readonly unknown[]): Problem | undefined {
  const isInside = value !== null && typeof value === "object" && above.includes(value);
  const kind = isInside ? "an object" : unplain(value);
  if (kind === undefined) return undefined;
  const message = isInside ? "contains itself" : NOT_A_SETTING;
  return { path: pathText(path), value: kind, message, allowed: PLAIN_VALUES };
}

/** @throws SettingsError with every value that is not plain */
export function refuseUnplain(raw: unknown, title: string | undefined): void {
  const problems: Problem[] = [];
  const visit = (value: unknown, path: Path, above: readonly unknown[]): void => {
    const problem = unplainProblem(path, value, above);
    if (problem !== undefined) problems.push(problem);
    if (problem !== undefined || value === null || typeof value !== "object") return;
    const below = [...above, value];
    for (const [key, inner] of Array.isArray(value) ? value.entries() : Object.entries(value))
      visit(inner, [...path, key], below);
  };
  visit(raw, [], []);
  if (problems.length > 0) throw new SettingsError(sortedProblems(problems), title);
}
