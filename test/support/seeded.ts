/** Loaded before each file of the unit level, see `seed.ts`. */
import fc from "fast-check";
import { beforeEach } from "vitest";
import { randomFrom, seedOfRun } from "./seed";

const seed = seedOfRun();
if (seed === undefined) throw new Error("the unit level has a seed");
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
Math.random = randomFrom(seed);

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => console.error(`this run had TEST_SEED=${seed}`));
});
