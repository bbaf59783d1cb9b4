/**
 * The difference of two property maps by path, as sdk/go/common/resource/properties_diff.go and
 * property_path.go of pulumi/pulumi make it: `a.b[0]["x.y"]`, one entry per changed leaf.
 */
import { isObject, isSecret, sameValue, type Value, type Values } from "./values";

export type DiffKind = "add" | "delete" | "update" | "add-replace" | "delete-replace" | "update-replace";
export type DetailedDiff = Record<string, DiffKind>;

/**
 * Paths that differ between old and new. A secret is one leaf, and differs from the same value that is no secret;
 * where marks must not count, pass both through `plainObject` first.
 */
export function detailedDiff(olds: Values, news: Values): DetailedDiff {
  const result: DetailedDiff = {};
  walk(olds, news, "", result);
  return result;
}

/** The same difference with every path below one of `properties` marked as replacing. */
export function withReplaces(diff: DetailedDiff, properties: readonly string[]): DetailedDiff {
  return Object.fromEntries(
    Object.entries(diff).map(([path, kind]) => [
      path,
      properties.includes(topLevel(path)) && !kind.endsWith("-replace")
        ? (`${kind}-replace` as DiffKind)
        : kind,
    ]),
  );
}

/** Name of the top-level property that a path is below of. */
export function topLevel(path: string): string {
  const quoted = /^\["((?:[^"\\]|\\.)*)"\]/.exec(path);
  return quoted ? (JSON.parse(`"${quoted[1]}"`) as string) : path.split(/[.[]/, 1)[0];
}

function walk(a: Value | undefined, b: Value | undefined, path: string, into: DetailedDiff): void {
  if (sameValue(a, b)) return;
  if (isObject(a) && isObject(b) && !isSecret(a) && !isSecret(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      walk(a[key], b[key], joinKey(path, key), into);
    }
    return;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.max(a.length, b.length); index++) {
      walk(a[index], b[index], `${path}[${index}]`, into);
    }
    return;
  }
  into[path] = a === undefined ? "add" : b === undefined ? "delete" : "update";
}

function joinKey(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
