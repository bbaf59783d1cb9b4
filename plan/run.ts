import * as path from "node:path";
import type { EnvironmentConfig } from "./config";
import { writePlan } from "./output";
import { makePlan } from "./plan";
import { summary } from "./summary";

/** Makes and writes the plan. */
export async function run(
  config: EnvironmentConfig,
  out: string,
): Promise<{
  /** For the terminal. */
  readonly text: string;
  /** Something that the cluster needs would not arrive. */
  readonly blocked: boolean;
}> {
  const plan = await makePlan(config);
  writePlan(out, plan.files);
  const text = summary(plan.document, path.relative(process.cwd(), out) || ".", {
    columns: process.stdout.columns,
    colours: process.stdout.isTTY && process.stdout.hasColors(),
  });
  return { text, blocked: plan.document.reachability.flows.some((flow) => flow.blocked.length > 0) };
}
