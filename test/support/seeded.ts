/** Loaded before each file of the unit level, see `seed.ts`. */
import fc from "fast-check";
import { afterAll, beforeEach, expect } from "vitest";
import { randomFrom, restartDraws, seedOfRun } from "./seed";

const seed = seedOfRun();
if (seed === undefined) throw new Error("the unit level has a seed");
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
Math.random = randomFrom(seed);
restartDraws();

// The SDK takes a stack for each promise and each resource, which the runner would map to TypeScript frame by frame: a third of what
// component tests take. Only the SDK's own messages about promises that nobody waits for would show them.
const promisesAndResources = /\/@pulumi\/pulumi\/(runtime\/debuggable|resource)\.js$/;
const OURS = Symbol.for("kubeadm.prepareStackTrace");
const errors: { prepareStackTrace?: (error: Error, frames: NodeJS.CallSite[]) => unknown } = Error;
const mapped = errors.prepareStackTrace;
if (mapped !== undefined && !Object.hasOwn(mapped, OURS)) {
  const prepare: typeof mapped = (error, frames) =>
    promisesAndResources.test(frames[0]?.getFileName() ?? "") && error.message === ""
      ? String(error)
      : mapped(error, frames);
  errors.prepareStackTrace = Object.assign(prepare, { [OURS]: true });
}

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => console.error(`this run had TEST_SEED=${seed}`));
});

// Files share a process (`isolate` in vitest.config.mts): one that leaves something behind fails itself, not the next one.
const processBefore = { folder: process.cwd(), environment: { ...process.env } };
afterAll(() => {
  expect({ folder: process.cwd(), environment: { ...process.env } }).toEqual(processBefore);
});
