/**
 * The policy pack as `pulumi preview --policy-pack` runs it: started by the engine from its folder, over a preview of environment
 * `metal`, and over one of a stack that it has to stop.
 */
import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SPEC_VARIABLE, type StepSpec } from "../../host/protocol";
import { policies } from "../../policy";
import "../../aws";
import { createCluster, stackArgs } from "../../stacks/program";
import { metalInput, metalSettings } from "../support/settings";
import { describeWithEngine } from "./available";
import { createEngineStack, type EngineStack } from "./harness";
import { initSpec, nodeStepSpec } from "../../components/machines/specs";

const pack = path.resolve(__dirname, "../../policy/cli");

/** Text that stands nowhere but in the secret, and looks like a key to a policy. */
const hushed = "bm90LWluLWFueS1tZXNzYWdl";
const privateKey = `-----BEGIN OPENSSH PRIVATE KEY-----\n${hushed}\n-----END OPENSSH PRIVATE KEY-----\n`;

const quiet = Object.fromEntries(policies.map((policy) => [policy.name, "disabled"]));

interface Outcome {
  readonly violations: readonly { readonly policy: string; readonly level: string; readonly urn: string }[];
  readonly output: string;
  readonly failed: boolean;
}

describeWithEngine("the policy pack in the engine", () => {
  let engine: EngineStack;
  let workDir: string;

  beforeAll(async () => {
    workDir = mkdtempSync(path.join(tmpdir(), "pulumi-kubeadm-policy-"));
    engine = await createEngineStack({
      projectName: "policy",
      stackName: "metal",
      workDir,
      program: clusterOnly,
      config: { "kubeadm:cluster": metalInput() },
      secrets: { "kubeadm:secrets": { operator: privateKey } },
    });
    writeAnalyzer(path.join(workDir, "providers"));
  });
  afterAll(async () => {
    await engine?.close();
    rmSync(workDir, { recursive: true, force: true });
  });

  const clusterOnly = () => Promise.resolve(void createCluster({ ...stackArgs(), environment: "metal" }));

  async function operate(
    operation: "preview" | "up",
    program: () => Promise<void>,
    config: Record<string, unknown> = {},
  ): Promise<Outcome> {
    const configFile = path.join(workDir, "policy-config.json");
    writeFileSync(configFile, JSON.stringify(config));
    engine.setProgram(program);
    const events: EngineEvent[] = [];
    const output: string[] = [];
    let failed = false;
    const options = {
      policyPacks: [pack],
      policyPackConfigs: [configFile],
      onEvent: (event: EngineEvent) => void events.push(event),
      onOutput: (text: string) => void output.push(text),
      onError: (text: string) => void output.push(text),
    };
    const { stack } = engine;
    await (operation === "up" ? stack.up(options) : stack.preview(options)).catch((error: unknown) => {
      failed = true;
      output.push(String(error));
    });
    const violations = events.flatMap(({ policyEvent }) =>
      policyEvent === undefined
        ? []
        : [
            {
              policy: policyEvent.policyName,
              level: policyEvent.enforcementLevel,
              urn: policyEvent.resourceUrn ?? "",
            },
          ],
    );
    return { violations, output: output.join(""), failed };
  }

  it("finds nothing in environment metal, and says nothing of what a preview does not know", async () => {
    const { violations, output, failed } = await operate("preview", clusterOnly);
    expect(failed, output).toBe(false);
    expect(violations, output).toEqual([]);
    expect(output).toMatch(/pulumi-kubeadm@v\d/);
  });

  it("stops a preview for each kind of policy, and repeats no secret", async () => {
    const { violations, output, failed } = await operate("preview", async () => {
      await clusterOnly();
      new command.local.Command("leak", { create: "true", environment: { KEY: privateKey } });
      new k8s.core.v1.ConfigMap("stray", { metadata: { name: "stray" }, data: { word: "harmless" } });
      new k8s.core.v1.Service("open", { metadata: { name: "open" }, spec: { type: "NodePort" } });
    });
    expect(failed).toBe(true);
    const found = violations.map(({ policy, level, urn }) => `${policy} ${level} ${urn.split("::").at(-1)}`);
    expect([...new Set(found)].sort()).toEqual([
      "cluster-provider mandatory open",
      "cluster-provider mandatory stray",
      "exposed-services advisory open",
      "no-private-key-in-command mandatory leak",
    ]);
    expect(output).not.toContain(hushed);
  });

  it("judges the stack after an update too, by what the resources have become", async () => {
    const settings = metalSettings();
    const step = (name: string, spec: StepSpec) =>
      new command.local.Command(name, {
        create: "true",
        environment: { [SPEC_VARIABLE]: JSON.stringify(spec) },
      });
    const [first] = settings.machines;
    if (first === undefined) throw new Error("there is a control-plane node");
    const node = nodeStepSpec(settings, first);
    const twoControlPlaneNodes = async () => {
      step("init", { ...initSpec(settings), controlPlaneNodes: ["cp1", "cp2"] });
      for (const machine of ["cp1", "cp2"]) step(machine, { ...node, machine });
      return Promise.resolve();
    };
    const config = {
      ...quiet,
      "odd-control-plane-nodes": "mandatory",
      "one-init": "mandatory",
      "one-pod-range": "mandatory",
    };
    const { violations, output, failed } = await operate("up", twoControlPlaneNodes, config);
    expect(failed).toBe(true);
    expect(
      violations.map(({ policy }) => policy),
      output,
    ).toEqual(["odd-control-plane-nodes"]);
    await engine.destroy();
  });

  it("goes by the configuration given, with each policy's schema", async () => {
    const oldest = await operate("preview", clusterOnly, {
      ...quiet,
      "client-certificate-validity": { enforcementLevel: "advisory", maximumHours: 24 },
    });
    expect(oldest.failed, oldest.output).toBe(false);
    expect(oldest.violations.map(({ policy, level }) => `${policy} ${level}`)).toEqual([
      "client-certificate-validity advisory",
    ]);
    const wrong = await operate("preview", clusterOnly, { "authority-validity": { minimumYears: "many" } });
    expect(wrong.failed).toBe(true);
    expect(wrong.output).toContain("minimumYears");
  });
});

/**
 * What the engine starts a Node pack with where the Node language host is not installed (pkg/resource/plugin/analyzer_plugin.go,
 * NewPolicyAnalyzer): a script that runs the SDK's own run-policy-pack, in the pack's folder.
 */
function writeAnalyzer(folder: string): void {
  const file = path.join(folder, "pulumi-analyzer-policy-nodejs");
  const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' --no-warnings '${runner}' "$@"\n`);
  chmodSync(file, 0o755);
}
