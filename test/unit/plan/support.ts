import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
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

/** A new folder, removed by the caller's `afterEach` through `cleanUp`. */
const folders: string[] = [];

export function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "plan-"));
  folders.push(folder);
  return folder;
}

export function cleanUp(): void {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
}

/** Every file below a folder, relative and sorted. */
export function listing(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
