import { newKey } from "../../support/sshKey";
import { makePlan, type Plan } from "../../../plan/plan";
import type { EnvironmentConfig } from "../../../plan/config";
import { metalInput, type RawSettings } from "../../support/settings";

/** Secrets of the classes a cluster has, made anew for each run. */
export function someSecrets(): Record<string, string> {
  return {
    operator: newKey().private,
    older: Buffer.from("thirty-two bytes of a former key").toString("base64"),
  };
}

function metalConfig(over: Partial<EnvironmentConfig> = {}, settings: RawSettings = {}): EnvironmentConfig {
  return {
    environment: "metal",
    project: "pulumi-kubeadm",
    cluster: { ...metalInput(), ...settings },
    all: {},
    secrets: undefined,
    secretNames: [],
    ...over,
  };
}

export function metalPlan(over: Partial<EnvironmentConfig> = {}, settings: RawSettings = {}): Promise<Plan> {
  return makePlan(metalConfig(over, settings));
}

export function fileOf(plan: Plan, name: string): string {
  const found = plan.files.find((file) => file.path === name);
  if (found === undefined)
    throw new Error(`no file ${name} among ${plan.files.map((file) => file.path).join(", ")}`);
  return found.content;
}
