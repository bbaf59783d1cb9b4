import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { delimiter, dirname } from "node:path";
import { defineConfig } from "vitest/config";

/** As in test/support/patience.ts. */
const HANGS_AFTER = 300_000;

/** See test/support/seed.ts. */
const wanted = process.env["TEST_SEED"] ?? "20260401";
const seed = wanted === "random" ? randomInt(2 ** 31) : Number(wanted);
if (!Number.isSafeInteger(seed)) throw new Error(`TEST_SEED=${wanted} is not a number, nor random`);

/** The `python3` of a version manager is a script that starts twenty programs, and tests start it hundreds of times. */
const python = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" });
const PATH = [...(python.status === 0 ? [dirname(python.stdout.trim())] : []), process.env["PATH"] ?? ""];

export default defineConfig({
  test: {
    // The default leaves one core unused, which on two cores is half of them.
    maxWorkers: availableParallelism(),
    projects: [
      {
        test: {
          name: "unit",
          // The SDKs take more time to load than most files take to run. `setupFiles` looks after what a file leaves behind.
          isolate: false,
          unstubEnvs: true,
          unstubGlobals: true,
          restoreMocks: true,
          include: ["test/unit/**/*.test.ts", "test/component/**/*.test.ts", "test/policy/**/*.test.ts"],
          setupFiles: ["test/support/seeded.ts"],
          provide: { seed },
          env: { PATH: PATH.join(delimiter) },
          testTimeout: HANGS_AFTER,
          hookTimeout: HANGS_AFTER,
        },
      },
      {
        test: {
          name: "engine",
          include: ["test/engine/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 1_800_000,
        },
      },
      {
        test: {
          name: "lab",
          include: ["test/lab/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 1_800_000,
          hookTimeout: 3_600_000,
        },
      },
    ],
  },
});
