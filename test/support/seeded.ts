/** Loaded before each file of the unit level, see `seed.ts`. */
import fc from "fast-check";
import { afterAll, beforeEach, expect } from "vitest";
import { randomFrom, restartDraws, seedOfRun } from "./seed";

const seed = seedOfRun();
if (seed === undefined) throw new Error("the unit level has a seed");
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
Math.random = randomFrom(seed);
restartDraws();

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => console.error(`this run had TEST_SEED=${seed}`));
});

// Files share a process (`isolate` in vitest.config.mts): one that leaves something behind fails itself, not the next one.
const processBefore = { folder: process.cwd(), environment: { ...process.env } };
afterAll(() => {
  expect({ folder: process.cwd(), environment: { ...process.env } }).toEqual(processBefore);
});
