/**
 * The difference between what is live, cut to the old inputs, and the new inputs, by path, and which of it replaces the
 * object (provider.go, convertPatchToDiff and addPatchValueToDiff; openapi.go, PatchPropertiesChanged).
 */
import type { DetailedDiff } from "../shared/diff";
import { isObject, sameValue, type Value, type Values } from "../shared/values";

type Path = readonly (string | number)[];

export function changes(olds: Values, news: Values, replacing: readonly string[]): DetailedDiff {
  const patterns = replacing.map((path) => path.split("."));
  const result: DetailedDiff = {};
  const add = (path: Path, kind: "add" | "delete" | "update", value: Value | undefined) => {
    const replaces = patterns.some((pattern) => touches(pattern, path, value));
    result[pathText(path)] = replaces ? `${kind}-replace` : kind;
  };
  const walk = (path: Path, a: Value | undefined, b: Value | undefined): void => {
    if (sameValue(a, b)) return;
    if (b === undefined || b === null) {
      if (a !== undefined && a !== null) add(path, "delete", undefined);
    } else if (a === undefined) {
      add(path, "add", b);
    } else if (isObject(a) && isObject(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) walk([...path, key], a[key], b[key]);
    } else if (Array.isArray(a) && Array.isArray(b)) {
      for (let index = 0; index < Math.max(a.length, b.length); index++) {
        walk([...path, index], a[index], b[index]);
      }
    } else {
      add(path, "update", b);
    }
  };
  walk([], olds, news);
  return result;
}

/** Whether the changed path is below the pattern, or the new value at the path reaches down to it. */
function touches(pattern: readonly string[], path: Path, value: Value | undefined): boolean {
  const common = Math.min(pattern.length, path.length);
  for (let at = 0; at < common; at++) {
    if (pattern[at] === "*" ? typeof path[at] !== "number" : pattern[at] !== path[at]) return false;
  }
  return pattern.length <= path.length || reaches(pattern.slice(path.length), value);
}

function reaches([key, ...rest]: readonly string[], value: Value | undefined): boolean {
  if (key === undefined) return value !== undefined;
  if (key === "*") return Array.isArray(value) && value.some((each) => reaches(rest, each));
  return isObject(value) && reaches(rest, value[key]);
}

/** `spec.ports[0]["a.b"]`: keys with a dot, a quote or a bracket are quoted. */
function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    if (/[."[\]]/.test(key)) return `${text}["${key.replaceAll('"', '\\"')}"]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** The keys of a property path in that notation; `*` stays as it is. */
export function parsePath(text: string): (string | number)[] {
  const keys: (string | number)[] = [];
  for (const match of text.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\[(\*)\]|([^.[\]]+)/g)) {
    const [, quoted, index, any, name] = match;
    if (quoted !== undefined) keys.push(quoted.replaceAll('\\"', '"'));
    else if (index !== undefined) keys.push(Number(index));
    else keys.push(any ?? name ?? "");
  }
  return keys;
}

/** The difference without what is at or below one of the ignored paths (provider.go, Diff). */
export function withoutIgnored(diff: DetailedDiff, ignored: readonly string[]): DetailedDiff {
  const prefixes = ignored.map(parsePath);
  const covered = (path: string) => {
    const keys = parsePath(path);
    return prefixes.some(
      (prefix) =>
        prefix.length <= keys.length && prefix.every((key, index) => key === "*" || key === keys[index]),
    );
  };
  return Object.fromEntries(Object.entries(diff).filter(([path]) => !covered(path)));
}
