import * as path from "node:path";
import type { EnvironmentConfig } from "./config";
import { writePlan } from "./output";
import { makePlan } from "./plan";
import { summary } from "./summary";

/** Makes and writes the plan. @returns what to print */
export async function run(config: EnvironmentConfig, out: string): Promise<string> {
  const plan = await makePlan(config);
  writePlan(out, plan.files);
  return summary(plan.document, path.relative(process.cwd(), out) || ".", {
    columns: process.stdout.columns,
    colours: process.stdout.isTTY && process.stdout.hasColors(),
  });
}
