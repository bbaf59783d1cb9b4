/** The environments of this repository in the real engine, and what their plans say of them. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { expect } from "vitest";
import { parse } from "yaml";
import { readEnvironment } from "../../plan/config";
import { makePlan } from "../../plan/plan";
import "../../aws";
import { createCluster, stackArgs } from "../../stacks/program";
import { createEngineStack, type EngineStack } from "./harness";

const ROOT = path.resolve(__dirname, "..", "..");

/** What `Pulumi.<environment>.yaml` says, by full key. */
export function configOf(environment: string): Record<string, unknown> {
  const text = readFileSync(fileOf(environment), "utf8");
  return (parse(text) as { config: Record<string, unknown> }).config;
}

export function createEnvironment(
  environment: string,
  secrets: Readonly<Record<string, unknown>> = {},
): Promise<EngineStack> {
  return createEngineStack({
    projectName: "pulumi-kubeadm",
    stackName: environment,
    program: () => Promise.resolve({ ...createCluster(stackArgs()).outputs }),
    config: configOf(environment),
    secrets,
  });
}

/** The first preview makes each resource that the plan names, and does nothing else. */
export async function expectPreviewOfPlan(engine: EngineStack, environment: string): Promise<void> {
  const planned = await plannedResources(environment);
  // What is only read is nobody's to make: the Service of a chart, for its address.
  const steps = (await engine.preview()).steps.filter((step) => step.op !== "read");
  const seen = steps
    // The engine makes default providers of its own; a program does not register them.
    .filter((step) => step.type !== STACK && !/^default_/.test(step.name))
    .map((step) => `${step.type}::${step.name}`);
  expect(seen.sort()).toEqual(planned);
  expect(new Set(steps.map((step) => step.op))).toEqual(new Set(["create"]));
}

const STACK = "pulumi:pulumi:Stack";

async function plannedResources(environment: string): Promise<string[]> {
  const out = mkdtempSync(path.join(tmpdir(), "plan-"));
  try {
    const settings = { environment, configFile: fileOf(environment), configFileGiven: false, out };
    const { document } = await makePlan(readEnvironment(settings));
    return document.resources
      .filter((resource) => resource.type !== STACK)
      .map((resource) => `${resource.type}::${resource.name}`)
      .sort();
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function fileOf(environment: string): string {
  return path.join(ROOT, `Pulumi.${environment}.yaml`);
}
