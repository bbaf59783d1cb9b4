import type { z } from "zod";

import { entriesOf, PLACES } from "./entries";
import { valueAt } from "../core/tree";
import type { Path } from "./problems";

export { entriesOf };

/** Which parts of the settings were refused; their paths are those of the text. */
export class Refused {
  private readonly paths: Path[] = [];

  add(path: Path): void {
    this.paths.push(path);
  }

  /**
   * Whether something at, above or below one of these places was refused, so that nothing can be said of it.
   *
   * @param places `network.peers`; `*` stands for any name or index. Names that may hold a dot come as a list.
   */
  readonly touches = (...places: readonly (string | Path)[]): boolean =>
    places.some((place) => {
      const parts = typeof place === "string" ? place.split(".") : place;
      return this.paths.some((path) =>
        path.every((part, index) => index >= parts.length || same(parts[index], part)),
      );
    });

  /** Whether the value at a path was refused, or one that it is a part of. */
  holds(path: Path): boolean {
    return this.paths.some(
      (one) => one.length <= path.length && one.every((part, index) => part === path[index]),
    );
  }
}

function same(pattern: string | number | undefined, part: string | number): boolean {
  return pattern === "*" || String(pattern) === String(part);
}

type Tree = Record<string | number, unknown>;

/** Valid values for what cannot be left out, by path: nothing is said of them, since they were refused. */
export type StandIns = Readonly<Record<string, unknown>>;

/**
 * Settings without what the schema refused. What becomes incomplete by it goes as a whole, as a peer without its range, but for what
 * has a stand-in.
 *
 * @param left where refused parts are keys without a value
 * @param whole what is left with defaults, where the schema refused nothing
 * @returns what is left as it was written, and the same with defaults
 */
export function prune<S extends z.ZodType>(
  schema: S,
  left: unknown,
  standIns: StandIns,
  whole?: z.output<S>,
): { written: z.input<S>; filled: z.output<S>; refused: Refused } {
  const refused = new Refused();
  if (whole !== undefined) return { written: left as z.input<S>, filled: whole, refused };
  const root = { "": structuredClone(left) };
  takeOut(root, marked(root[""], [""]), refused);
  for (;;) {
    const parsed = schema.safeParse(root[""], { reportInput: true });
    if (parsed.success) return { written: root[""] as z.input<S>, filled: parsed.data, refused };
    const places = parsed.error.issues.flatMap(({ path }) => {
      const place: Path = ["", ...path.filter((part) => typeof part !== "symbol")];
      const standIn = standInFor(place.slice(1), standIns);
      const parent = valueAt(root, place.slice(0, -1));
      if (valueAt(root, place) !== undefined) return [place];
      if (standIn === undefined || !isTree(parent)) return [place.slice(0, -1)];
      parent[place.at(-1) ?? ""] = standIn;
      return [];
    });
    takeOut(root, places, refused);
    // Nothing is left of the whole, and nothing can be said of it.
    if (root[""] === undefined) return { written: {} as z.input<S>, filled: {} as z.output<S>, refused };
  }
}

function standInFor(path: Path, standIns: StandIns): unknown {
  const found = Object.entries(standIns).find(([pattern]) => {
    const parts = pattern.split(".");
    return parts.length === path.length && parts.every((part, index) => same(part, path[index] ?? ""));
  });
  return structuredClone(found?.[1]);
}

/** Paths of keys and entries without a value. */
function marked(value: unknown, at: Path): Path[] {
  if (value === undefined) return [at];
  if (!isTree(value)) return [];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, inner]) => marked(inner, [...at, key]));
}

function takeOut(root: Tree, places: readonly Path[], refused: Refused): void {
  const lists = new Map<unknown[], Set<number>>();
  for (const place of places) {
    refused.add(asWritten(root, place));
    const parent = valueAt(root, place.slice(0, -1));
    const last = place.at(-1) ?? "";
    if (Array.isArray(parent)) lists.set(parent, (lists.get(parent) ?? new Set()).add(Number(last)));
    else if (isTree(parent)) delete parent[last];
  }
  for (const [list, gone] of lists) {
    const kept = entriesOf(list).filter((_, index) => !gone.has(index));
    list.splice(0, list.length, ...kept.map(([, entry]) => entry));
    PLACES.set(
      list,
      kept.map(([index]) => index),
    );
  }
}

/** The path in the text of one in what is left. */
function asWritten(root: Tree, place: Path): Path {
  return place.slice(1).map((part, index) => {
    const parent = valueAt(root, place.slice(0, index + 1));
    return Array.isArray(parent) ? (PLACES.get(parent)?.[Number(part)] ?? part) : part;
  });
}

function isTree(value: unknown): value is Tree {
  return value !== null && typeof value === "object";
}
