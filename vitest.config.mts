import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, renameSync, symlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** As in test/support/patience.ts. */
const HANGS_AFTER = 300_000;

/** See test/support/seed.ts. */
const wanted = process.env["TEST_SEED"] ?? "20260401";
const seed = wanted === "random" ? randomInt(2 ** 31) : Number(wanted);
if (!Number.isSafeInteger(seed)) throw new Error(`TEST_SEED=${wanted} is not a number, nor random`);

/** How many suites of the lab run side by side; each has hosts, networks and a stack of its own. */
const lanes = Number(process.env["LAB_LANES"] ?? 1);
if (!(Number.isSafeInteger(lanes) && lanes > 0))
  throw new Error(`LAB_LANES=${process.env["LAB_LANES"]} is not a number of suites, such as 2`);

/**
 * Vitest's own order comes from how long each file took in an earlier run, but:
 *
 * - Suites of the lab come as the command line names them: where it names the longest first, lanes end together.
 * - Files of the unit level that load Pulumi's SDKs come last. Files share their processes (`isolate`), and one that holds the SDKs takes
 *   several times as long to start each program of a host.
 */
class Order extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification): number => {
      if (project.name === "unit")
        return /\/test\/(component|policy|unit\/(docs|plan|project|testing))\//.test(moduleId) ? 1 : 0;
      const at = process.argv.findIndex((word) => basename(word) === basename(moduleId));
      return project.name !== "lab" || at === -1 ? process.argv.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/**
 * The distribution's `python3` where there is one, as on hosts: that of a version manager starts twenty programs or reads what is installed
 * for it, and tests start it hundreds of times.
 */
const tools = resolve(import.meta.dirname, "out/cache/bin");
const python = ["/usr/bin/python3", "python3"]
  .map((name) => spawnSync(name, ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }))
  .find(({ status }) => status === 0)
  ?.stdout.trim();
if (python !== undefined) {
  mkdirSync(tools, { recursive: true });
  // Renamed, so that another run that starts now always finds one.
  const fresh = join(tools, `python3.${process.pid}`);
  symlinkSync(python, fresh);
  renameSync(fresh, join(tools, "python3"));
}
const PATH = [tools, process.env["PATH"] ?? ""];

/** Node's pipes are sockets, and a bash that is in no other shell would read `~/.bashrc` for each script: 140 ms with a version manager. */
const WITHIN_A_SHELL = { SHLVL: "1" };

/** No test needs the CAs that this machine trusts, which openssl and Node would read anew in each of thousands of processes. */
const NO_AUTHORITIES = { SSL_CERT_FILE: "/dev/null", SSL_CERT_DIR: "/nonexistent", NODE_EXTRA_CA_CERTS: "" };

export default defineConfig({
  test: {
    // Tests wait for programs and clocks, and then another file has the core.
    maxWorkers: availableParallelism() + 1,
    // CI starts without caches.
    experimental: {
      fsModuleCache: process.env["CI"] === undefined,
      fsModuleCachePath: join(import.meta.dirname, "out/cache/vitest"),
    },
    sequence: { sequencer: Order },
    projects: [
      {
        test: {
          name: "unit",
          // The SDKs take more time to load than most files take to run. `setupFiles` looks after what a file leaves behind.
          isolate: false,
          // Component tests make much that is garbage a moment later; the default of 16 MiB is collected again and again.
          execArgv: ["--max-semi-space-size=64"],
          unstubEnvs: true,
          unstubGlobals: true,
          restoreMocks: true,
          include: ["test/unit/**/*.test.ts", "test/component/**/*.test.ts", "test/policy/**/*.test.ts"],
          setupFiles: ["test/support/seeded.ts"],
          provide: { seed },
          env: { PATH: PATH.join(delimiter), ...WITHIN_A_SHELL, ...NO_AUTHORITIES },
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
          fileParallelism: lanes > 1,
          maxWorkers: lanes,
          testTimeout: 1_800_000,
          hookTimeout: 3_600_000,
        },
      },
    ],
  },
});
