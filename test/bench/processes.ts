import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

export const ROOT = path.resolve(__dirname, "../..");

/** What one run of a program took. */
export interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMebibytes: number;
}

/** The words by which package.json starts the plan, so that what is measured is what people run. */
export function planCommand(): { readonly options: readonly string[]; readonly script: string } {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
    scripts: { plan: string };
  };
  const words = scripts.plan.split(" ").slice(1);
  return { options: words.slice(0, -1), script: words[words.length - 1] };
}

/**
 * Runs a Node program to its end.
 * @throws Error with what it wrote on standard error when its exit status is not 0
 */
export function measured(words: readonly string[]): Promise<Cost> {
  const started = process.hrtime.bigint();
  const child = spawn(process.execPath, ["-r", path.join(__dirname, "measure.cjs"), ...words], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  let errors = "";
  let report = "";
  child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  child.stdio[3]?.on("data", (chunk: Buffer) => (report += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => {
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      if (status !== 0) reject(new Error(`${words.join(" ")} ended with ${status}:\n${errors}`));
      else resolve({ seconds, ...(JSON.parse(report) as Omit<Cost, "seconds">) });
    });
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
