/** In which order the engine runs the steps of your own machines when some of them leave or are replaced; hosts are on paper. */
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { ControlPlane } from "../../components/kubeadm/controlPlane";
import { firewallStep, preflightStep, type StepsArgs } from "../../components/machines/steps";
import { poolsOf, WorkerPool } from "../../components/machines/workerPool";
import { checked } from "../../components/part";
import { Pki } from "../../components/pki/pki";
import { readCluster } from "../../model/settings/parse";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { Diagnosis } from "../../doctor/look";
import { run } from "../support/run";
import { metalInput, type RawSettings } from "../support/settings";
import { describeWithEngine } from "./available";
import { paperHosts } from "./awsParts";
import { createEngineStack, type EngineStack } from "./harness";

const ROOT = path.resolve(__dirname, "../..");

/** The parts of `Cluster` that need no API. */
class MachineParts extends pulumi.ComponentResource {
  constructor(name: string, settings: ClusterSettings) {
    super("kubeadm:index:Cluster", name);
    const opts = { parent: this };
    const pki = new Pki(`${name}-pki`, { protect: false }, opts);
    const sshKeys = { operator: "" };
    const own = { settings, sshKeys, clusterId: pki.clusterId, controlPlaneFiles: pki.controlPlaneFiles };
    const after = [preflightStep(`${name}-preflight`, own, opts)];
    const guards = [firewallStep(`${name}-firewall`, own, { ...opts, dependsOn: after })];
    const steps: StepsArgs = { ...own, guards };
    const { nodeSteps: controlPlaneNodes } = new ControlPlane(
      `${name}-control-plane`,
      { ...steps, after },
      opts,
    );
    for (const spec of poolsOf(settings))
      new WorkerPool(`${name}-pool-${spec.pool}`, checked(spec), opts).createSteps({
        ...steps,
        after,
        controlPlaneNodes,
      });
    this.registerOutputs({});
  }
}

type Machines = Record<string, RawSettings>;

describeWithEngine("machines that leave", () => {
  const given = metalInput();
  const all = given["machines"] as Machines;
  let machines: Machines = all;
  let engine: EngineStack;
  let hosts: ReturnType<typeof paperHosts>;

  beforeAll(async () => {
    engine = await createEngineStack({
      projectName: "pulumi-kubeadm",
      stackName: "metal",
      program: () => {
        const settings = readCluster({ ...given, protect: false, machines }, { environment: "metal" });
        new MachineParts("metal", settings);
        return Promise.resolve({});
      },
    });
    hosts = paperHosts(engine.workDir);
    await engine.up();
  });
  afterAll(() => engine?.close());
  beforeEach(() => hosts.forget());

  const asked = (): string[] => hosts.steps();
  const raised = (...names: readonly string[]): Machines =>
    Object.fromEntries(
      Object.entries(machines).map(([name, machine]) => [
        name,
        names.includes(name) ? { ...machine, revision: ((machine["revision"] as number) ?? 1) + 1 } : machine,
      ]),
    );

  /** As people run it: in the project's folder, with the CLI on the search path. */
  async function doctor(...words: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    const env = { ...process.env, ...engine.stack.workspace.envVars };
    const program = [`file://${require.resolve("tsx")}`, path.join(ROOT, "doctor/main.ts")];
    return run([process.execPath, "--import", ...program, ...words], {
      cwd: engine.workDir,
      env: { ...env, PATH: `${path.join(engine.workDir, "cli", "bin")}${path.delimiter}${env.PATH}` },
      allowFailure: true,
    });
  }

  it("are found by the doctor in the state that the CLI exports, with what opens their connections", async () => {
    const { stdout, stderr } = await doctor("metal", "--json");
    const { findings } = JSON.parse(stdout || expect.fail(stderr)) as Diagnosis;
    const dialled = findings
      .filter(({ check }) => check === "ssh")
      .map(({ where, what }) => ({ where, what }));
    expect(dialled.map(({ where }) => where).sort()).toEqual(Object.keys(all).sort());
    for (const { where, what } of dialled) expect(what).toContain(String(all[where]?.["host"]));
  });

  it("of a stack that the CLI does not know are a clear error", async () => {
    const { status, stdout, stderr } = await doctor("elsewhere");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error: pulumi has no state of elsewhere: .*elsewhere/);
  });

  it("come back one after the other when all revisions are raised, and after the look at all machines", async () => {
    machines = raised("cp1", "cp2", "cp3");
    await engine.up();
    const steps = asked();
    expect(steps[0]).toBe("update preflight");
    expect(steps.filter((step) => /node cp/.test(step))).toEqual(
      ["cp1", "cp2", "cp3"].flatMap((name) => [`delete node ${name}`, `create node ${name}`]),
    );
  });

  it("are not replaced past a control-plane node whose step fails after it has joined, such as one that is not Ready", async () => {
    machines = raised("cp1", "cp2", "cp3");
    hosts.fail("create node cp1");
    await expect(engine.up()).rejects.toThrow();
    const changed = (): string[] => asked().filter((step) => /(create|delete) node/.test(step));
    expect(changed()).toEqual(["delete node cp1", "create node cp1"]);
    hosts.fail("");
    hosts.forget();
    await engine.up();
    expect(changed()).toEqual([
      "create node cp1",
      ...["cp2", "cp3"].flatMap((name) => [`delete node ${name}`, `create node ${name}`]),
    ]);
  });

  it("leave last, after the look at all machines and after those that come", async () => {
    const { cp2: _cp2, cp3: _cp3, w1: _w1, ...rest } = machines;
    machines = rest;
    await engine.up();
    const steps = asked();
    expect(steps[0]).toBe("update preflight");
    const deletes = steps.filter((step) => step.startsWith("delete"));
    expect(steps.slice(-deletes.length)).toEqual(deletes);
    const at = (step: string): number => deletes.indexOf(step);
    expect(at("delete node cp3")).toBeLessThan(at("delete node cp2"));
    for (const name of ["cp2", "cp3", "w1"])
      expect(at(`delete node ${name}`)).toBeLessThan(at(`delete setup ${name}`));
    // Firewalls close behind those that have left, and the step of the run before still knows them all.
    expect(steps.filter((step) => step === "create firewall")).toHaveLength(1);
    const closed = hosts
      .asked()
      .filter(({ operation, spec }) => operation === "delete" && spec.step === "firewall");
    expect(closed.map(({ hosts: known }) => Object.keys(known).sort())).toEqual([Object.keys(all).sort()]);
    for (const name of ["cp2", "cp3", "w1"])
      expect(at(`delete node ${name}`)).toBeLessThan(at("delete firewall"));
  });

  it("that stay since a step refused are still let in, and firewalls close in the run that removes them", async () => {
    const { w2: _w2, ...rest } = machines;
    machines = {
      ...rest,
      w3: { ...all["w1"], host: "10.40.0.33", nodeAddress: "10.40.0.33" },
    };
    hosts.fail("delete node w2");
    await expect(engine.up()).rejects.toThrow();
    expect(asked()).toContain("delete node w2");
    expect(asked()).not.toContain("delete firewall");
    hosts.fail("");
    hosts.forget();
    await engine.up();
    const steps = asked();
    expect(steps.indexOf("delete firewall")).toBeGreaterThan(steps.indexOf("delete node w2"));
    expect(steps.indexOf("delete node w2")).toBeGreaterThanOrEqual(0);
  });

  it("leave from the last control-plane node to the first when all is destroyed, workers before them", async () => {
    machines = all;
    await engine.up();
    hosts.forget();
    await engine.destroy();
    const left = asked().filter((step) => step.startsWith("delete node"));
    expect(left.slice(-3)).toEqual(["cp3", "cp2", "cp1"].map((name) => `delete node ${name}`));
    expect(left.length).toBeGreaterThan(3);
  });
});
