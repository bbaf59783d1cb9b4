import { DURATION } from "../../documents/check";
import type { Flag, FlagKind } from "../table";
import type { Found } from "./found";

const TAKEN: Partial<Record<FlagKind, readonly [pattern: RegExp, allowed: string]>> = {
  bool: [/^(true|false)$/, "true, false"],
  int: [/^-?\d+$/, "a whole number"],
  float: [/^-?\d+(\.\d+)?$/, "a number"],
  duration: [DURATION, "a duration with its unit, such as 30s, 5m or 1h30m"],
};

/** What flags that take several values are written with. */
const SEVERAL: ReadonlySet<FlagKind> = new Set(["list", "repeated", "map"]);

/** A list where one value is taken, or a value that the flag cannot read; undefined: it fits. */
export function wrongKind(flag: Flag, value: unknown, values: readonly string[]): Found | undefined {
  if (Array.isArray(value) && !SEVERAL.has(flag.kind))
    return {
      message: "is a list, and the flag takes one value",
      allowed: TAKEN[flag.kind]?.[1] ?? "one text",
    };
  const rule = TAKEN[flag.kind];
  if (rule === undefined) return undefined;
  const [pattern, allowed] = rule;
  const wrong = values.find((one) => !pattern.test(one));
  if (wrong === undefined) return undefined;
  const nearest = flag.kind === "duration" && /^\d+$/.test(wrong) ? `${wrong}s` : undefined;
  const message =
    flag.kind === "bool"
      ? "is not allowed"
      : flag.kind === "duration"
        ? "is not a duration"
        : "is not a number the flag accepts";
  return { message, allowed, nearest };
}

/** A flag's values one by one: commas separate them but where the flag is repeated instead. */
export function valuesOf(flag: Flag, value: unknown): string[] {
  return flag.kind === "list" || flag.kind === "map" ? wordsOf(value) : [value].flat().map(String);
}

/** What commas separate, in one text or several. */
export function wordsOf(value: unknown): string[] {
  const texts = [value ?? []].flat().map(String);
  return texts.flatMap((text) => text.split(",")).map((word) => word.trim());
}
