/** The environments of this repository through the real engine, as far as that goes without hosts. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { newKey } from "../support/sshKey";
import { describeWithEngine } from "./available";
import { configOf, createEnvironment, expectPreviewOfPlan } from "./environments";
import type { EngineStack } from "./harness";
import { EngineError } from "./result";
import { findLeaks } from "./secrets";

describeWithEngine("environment metal", () => {
  let engine: EngineStack;
  const { private: key } = newKey();
  const cluster = configOf("metal")["kubeadm:cluster"] as { machines: Record<string, object> };

  beforeAll(async () => {
    engine = await createEnvironment("metal", {
      "kubeadm:secrets": { operator: key, backup: newKey().private },
    });
  });

  afterAll(async () => {
    await engine?.close();
  });

  it("the first preview shows exactly the resources of the plan", () => expectPreviewOfPlan(engine, "metal"));

  it("hosts that cannot be reached fail the look at all machines, and nothing after it is tried", async () => {
    // Nothing listens on the discard port of this machine.
    const machines = Object.fromEntries(
      Object.entries(cluster.machines).map(([name, machine], index) => [
        name,
        { ...machine, host: `127.0.0.${index + 1}`, port: 9 },
      ]),
    );
    const settings = { ...cluster, machines, access: undefined, firewall: "none" };
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
