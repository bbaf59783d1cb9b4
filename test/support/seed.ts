/**
 * Every draw of the unit level comes from one seed, which a failure prints: fast-check's values, `Math.random`, keys, and
 * Python's `random`. `TEST_SEED=<number>` sets it, `TEST_SEED=random` draws one. Without it the seed is always the same, so that
 * `npm test` says the same of the same tree.
 */
import { createHash, randomBytes } from "node:crypto";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    readonly seed?: number;
  }
}

/** Undefined where no seed is wanted: engine and lab. */
export function seedOfRun(): number | undefined {
  return inject("seed");
}

let drawn = 0;

/** Test files share a process: each starts at the first draw, whatever ran before it. */
export function restartDraws(): void {
  drawn = 0;
}

/** Bytes by the seed, others at each call of a test file; by chance where there is no seed. */
export function drawBytes(count: number): Buffer {
  const seed = seedOfRun();
  if (seed === undefined) return randomBytes(count);
  drawn += 1;
  return createHash("shake256", { outputLength: count }).update(`${seed}/${drawn}`).digest();
}

/** Mulberry32: numbers from 0 to 1 as `Math.random` gives them. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
