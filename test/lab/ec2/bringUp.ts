import { expect } from "vitest";
import { saw } from "../cluster";
import type { EngineReport } from "../engine";
import type { AwsSettings } from "./environment";
import type { SimulatedRegion } from "./simulation";

/** Runs `up`, which has to go through, and says how long it took. */
export async function bringUp(
  region: SimulatedRegion,
  what: string,
  settings: AwsSettings,
): Promise<EngineReport> {
  const started = Date.now();
  const report = await region.engine("up", settings);
  expect(report.ok, `${report.error}\n${report.log}\n${region.log()}`).toBe(true);
  saw(`${what}: ${Math.round((Date.now() - started) / 1000)} s, ${report.changed.length} steps`);
  return report;
}
