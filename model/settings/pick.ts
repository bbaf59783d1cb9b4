import type { Range } from "../network/addresses";
import type { Path } from "./problems";

/** The input where any part may have been rejected: a key that is there without a value was wrong. */
export type Draft<T> = T extends readonly (infer E)[]
  ? readonly (Draft<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Draft<T[K]> | undefined }
    : T | undefined;

/** A range with the place it was written at. */
export interface PlacedRange {
  /** Where a problem with it is reported. */
  readonly path: Path;
  /** As a sentence names it: "the pod range". */
  readonly name: string;
  /** Parsed; IPv4. */
  readonly range: Range;
  /** Written by the user, or the default. */
  readonly given: boolean;
}

/** The value given, the default when the key is not there, undefined when it was rejected. */
export function pick<T extends object, K extends keyof T, D>(
  from: T | undefined,
  key: K,
  fallback: D,
): Exclude<T[K], undefined> | D | undefined {
  if (from === undefined) return undefined;
  const value = from[key];
  if (value !== undefined) return value as Exclude<T[K], undefined>;
  return key in from ? undefined : fallback;
}
