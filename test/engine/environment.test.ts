/** The environments of this repository through the real engine, as far as that goes without hosts. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { createCluster, stackArgs } from "../../stacks/program";
import { run } from "../support/run";
import { newKey } from "../support/sshKey";
import { describeWithEngine } from "./available";
import { createEngineStack, type EngineStack } from "./harness";
import { EngineError } from "./result";
import { findLeaks } from "./secrets";

const ROOT = path.resolve(__dirname, "..", "..");

interface Planned {
  readonly resources: readonly { readonly name: string; readonly type: string }[];
}

describeWithEngine("environment metal", () => {
  let engine: EngineStack;
  const { private: key } = newKey();
  const file = parse(readFileSync(path.join(ROOT, "Pulumi.metal.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };

  beforeAll(async () => {
    engine = await createEngineStack({
      projectName: "pulumi-kubeadm",
      stackName: "metal",
      program: () => Promise.resolve({ ...createCluster(stackArgs()).outputs }),
      config: file.config,
      secrets: { "kubeadm:secrets": { operator: key } },
    });
  });

  afterAll(async () => {
    await engine?.close();
  });

  it("the first preview shows exactly the resources of the plan", async () => {
    const out = mkdtempSync(path.join(tmpdir(), "plan-"));
    try {
      await run(["npm", "run", "--silent", "plan", "--", "metal", "--out", path.join(out, "metal")], {
        cwd: ROOT,
      });
      const plan = JSON.parse(readFileSync(path.join(out, "metal", "plan.json"), "utf8")) as Planned;
      // What is only read is nobody's to make: the Service of a chart, for its address.
      const steps = (await engine.preview()).steps.filter((step) => step.op !== "read");
      // The engine makes default providers of its own; a program does not register them.
      const seen = steps
        .filter((step) => step.type !== "pulumi:pulumi:Stack" && !/^default_/.test(step.name))
        .map((step) => `${step.type}::${step.name}`);
      const planned = plan.resources
        .filter((resource) => resource.type !== "pulumi:pulumi:Stack")
        .map((resource) => `${resource.type}::${resource.name}`);
      expect(seen.sort()).toEqual(planned.sort());
      expect(new Set(steps.map((step) => step.op))).toEqual(new Set(["create"]));
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });

  it("hosts that cannot be reached fail the look at all machines, and nothing after it is tried", async () => {
    // Nothing listens on the discard port of this machine.
    const machines = Object.fromEntries(
      Object.entries((file.config["kubeadm:cluster"] as { machines: Record<string, object> }).machines).map(
        ([name, machine], index) => [name, { ...machine, host: `127.0.0.${index + 1}`, port: 9 }],
      ),
    );
    const settings = {
      ...(file.config["kubeadm:cluster"] as object),
      machines,
      access: undefined,
      firewall: "none",
    };
    await engine.stack.setConfig("kubeadm:cluster", { value: JSON.stringify(settings) });
    const failure: unknown = await engine.up().catch((error: unknown) => error);
    if (!(failure instanceof EngineError)) throw new Error("up went through");
    expect(failure.result.log).toMatch(/cp1: cannot be reached over SSH at 127\.0\.0\.1:9/);
    expect(failure.result.log).not.toMatch(/^\s+at .*\(.*:\d+:\d+\)$/m);
    const commands = failure.result.steps.filter((step) => step.type === "command:local:Command");
    expect(commands.map((step) => step.name)).toEqual(["metal-preflight"]);
  });

  it("wrong settings fail the program with the one report, before any resource", async () => {
    await engine.stack.setConfig("kubeadm:cluster", {
      value: JSON.stringify({ platform: "machines", machines: {} }),
    });
    const failure: unknown = await engine.preview().catch((error: unknown) => error);
    if (!(failure instanceof EngineError)) throw new Error("preview went through");
    expect(failure.result.steps.filter((step) => step.op === "create")).toEqual([]);
    expect(failure.message).toMatch(/in the settings of metal/);
  });

  it("the SSH key stands nowhere in plain text", () => {
    expect(findLeaks({ operator: key }, engine.written())).toEqual([]);
  });
});
