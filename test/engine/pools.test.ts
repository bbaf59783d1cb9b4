/** Pools that a program creates and passes to its cluster, on the engine. */
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { AwsWorkerPool, type AwsWorkerPoolArgs } from "../../aws";
import type { NodePool } from "../../components/cloud";
import { ControlPlane } from "../../components/kubeadm/controlPlane";
import { firewallStep, preflightStep, type StepsArgs } from "../../components/machines/steps";
import { poolsOf, WorkerPool, type WorkerPoolArgs } from "../../components/machines/workerPool";
import { checked } from "../../components/part";
import { Pki } from "../../components/pki/pki";
import { keysOfPools, takePools, withPools } from "../../components/pools";
import { readCluster } from "../../model/settings/parse";
import { metalInput, type RawSettings } from "../support/settings";
import { awsObjects, awsObjectsOf } from "./awsAccount";
import { makeAwsParts, paperHosts } from "./awsParts";
import { configOf } from "./environments";
import { describeWithEngine } from "./available";
import { createEngineStack, isStandIn, type EngineStack } from "./harness";
import { EngineError, opsOf, type EngineResult } from "./result";

/** The parts of `Cluster` that need no API. */
class Parts extends pulumi.ComponentResource {
  constructor(name: string, written: unknown, pools: readonly NodePool[]) {
    const given = withPools(written, pools);
    expect(given.problems).toEqual([]);
    const { keysElsewhere } = given;
    const settings = readCluster(given.settings, { environment: name, keysElsewhere });
    super("kubeadm:index:Cluster", name);
    takePools(given);
    const opts = { parent: this };
    const { clusterId, controlPlaneFiles } = new Pki(`${name}-pki`, { protect: false }, opts);
    const own: StepsArgs = { settings, sshKeys: { operator: "" }, clusterId, controlPlaneFiles };
    const common = { ...own, machineKeys: keysOfPools(given) };
    const after = [preflightStep(`${name}-preflight`, common, opts)];
    const steps = {
      ...common,
      guards: [firewallStep(`${name}-firewall`, common, { ...opts, dependsOn: after })],
    };
    const plane = new ControlPlane(`${name}-control-plane`, { ...steps, after }, opts);
    for (const spec of poolsOf(settings, [...given.pools.keys()])) {
      const pool = given.pools.get(spec.pool)?.resource;
      (pool instanceof WorkerPool
        ? pool
        : new WorkerPool(`${name}-pool-${spec.pool}`, checked(spec), opts)
      ).createSteps({ ...steps, after, controlPlaneNodes: plane.nodeSteps });
    }
    this.registerOutputs({});
  }
}

type Machines = Record<string, RawSettings>;

async function failureOf(run: Promise<EngineResult>): Promise<EngineResult> {
  const error: unknown = await run.catch((problem: unknown) => problem);
  if (!(error instanceof EngineError)) throw new Error("it went through");
  return error.result;
}

describeWithEngine("a pool of machines", () => {
  const { cp1, w1, w2 } = metalInput()["machines"] as Machines;
  const { role: _role, pool: _pool, ...bare } = w2;
  const at = (address: string): RawSettings => ({ ...bare, host: address, nodeAddress: address });
  let written: Machines = { cp1, w1 };
  let pool: Machines | undefined = { gpu1: at("10.40.0.31") };
  let passed = true;
  let aliases: pulumi.Alias[] = [];
  let engine: EngineStack;
  let hosts: ReturnType<typeof paperHosts>;

  beforeAll(async () => {
    engine = await createEngineStack({
      projectName: "pulumi-kubeadm",
      stackName: "metal",
      program: () => {
        const args = {
          machines: pool,
          secrets: { operator: pulumi.secret("") },
        } as unknown as WorkerPoolArgs;
        const pools = pool === undefined ? [] : [new WorkerPool("gpu", args, { aliases })];
        const settings = { ...metalInput(), protect: false, endpoint: undefined, machines: written };
        new Parts("metal", settings, passed ? pools : []);
        return Promise.resolve({});
      },
    });
    hosts = paperHosts(engine.workDir);
  });
  afterAll(() => engine?.close());
  beforeEach(() => hosts.forget());

  const asked = (): string[] => hosts.steps();

  it("is in the first preview with every step", async () => {
    const preview = await engine.preview();
    expect(opsOf(preview)).toEqual(
      expect.arrayContaining(["create gpu", "create gpu-gpu1-setup", "create gpu-gpu1-node"]),
    );
    expect(asked()).toEqual([]);
  });

  it("joins: all machines are looked at first, and its step knows the control plane", async () => {
    await engine.up();
    const [first] = hosts.asked();
    expect(first?.spec.step).toBe("preflight");
    expect(Object.keys(first?.hosts ?? {})).toEqual(["cp1", "w1", "gpu1"]);
    const node = hosts.asked().find(({ spec }) => spec.step === "node" && spec.machine === "gpu1");
    expect(Object.keys(node?.hosts ?? {}).sort()).toEqual(["cp1", "gpu1"]);
    expect(asked().indexOf("create node gpu1")).toBeGreaterThan(asked().indexOf("create node cp1"));
    const firewalls = hosts
      .asked()
      .flatMap(({ spec }) => (spec.step === "setup" ? [spec.node.firewall] : []));
    expect(firewalls).toHaveLength(3);
    for (const firewall of firewalls) expect(JSON.stringify(firewall?.machines.node)).toContain("31");
  });

  it("is left alone by a second preview", async () => {
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("takes one machine more, which every firewall lets in before it joins", async () => {
    pool = { ...pool, gpu2: at("10.40.0.32") };
    await engine.up();
    expect(asked()[0]).toBe("update preflight");
    const join = asked().indexOf("create node gpu2");
    for (const name of ["cp1", "w1", "gpu1"])
      expect(asked().indexOf(`update setup ${name}`)).toBeLessThan(join);
    expect(asked().filter((step) => /node (cp1|w1|gpu1)/.test(step))).toEqual([]);
  });

  it("loses a machine: its node leaves before its setup is taken back", async () => {
    const { gpu1: _gpu1, ...rest } = pool ?? {};
    pool = rest;
    await engine.up();
    const deletes = asked().filter((step) => step.startsWith("delete"));
    expect(deletes[0]).toBe("delete node gpu1");
    expect(deletes.sort()).toEqual(["delete firewall", "delete node gpu1", "delete setup gpu1"]);
  });

  it("that is forgotten in `pools` fails the run, and no node leaves", async () => {
    passed = false;
    const preview = await failureOf(engine.preview());
    expect(preview.log).toContain("pool gpu is in no cluster: pass the WorkerPool to a Cluster in pools");
    const up = await failureOf(engine.up());
    passed = true;
    expect(up.log).toContain("pool gpu is in no cluster");
    expect(asked().filter((step) => step.startsWith("delete"))).toEqual([]);
    await engine.up();
    expect(asked().filter((step) => /node/.test(step))).toEqual([]);
  });

  it("leaves as a whole when it is taken out", async () => {
    pool = undefined;
    await engine.up();
    const deletes = asked().filter((step) => step.startsWith("delete"));
    expect(deletes[0]).toBe("delete node gpu2");
    expect(deletes.sort()).toEqual(["delete firewall", "delete node gpu2", "delete setup gpu2"]);
  });

  it("takes over a pool of the settings by an alias, and nothing changes", async () => {
    written = { cp1, w1: { ...w1, pool: "general" } };
    await engine.up();
    hosts.forget();
    const { role: _w1, pool: _general, ...own } = w1;
    written = { cp1 };
    pool = { w1: own };
    const parent = pulumi.createUrn("metal", "kubeadm:index:Cluster", undefined, "pulumi-kubeadm", "metal");
    aliases = [{ name: "metal-pool-general", parent }];
    const args = pool;
    engine.setProgram(() => {
      const made = { pool: "general", machines: args } as unknown as WorkerPoolArgs;
      const pools = [new WorkerPool("workers", made, { aliases })];
      const settings = { ...metalInput(), protect: false, endpoint: undefined, machines: written };
      new Parts("metal", settings, pools);
      return Promise.resolve({});
    });
    expect((await engine.preview()).changed).toEqual([]);
    await engine.up();
    expect(asked()).toEqual([]);
  });

  it("leaves before the control plane when all is destroyed", async () => {
    await engine.destroy();
    const left = asked().filter((step) => step.startsWith("delete node"));
    expect(left).toEqual(["delete node w1", "delete node cp1"]);
  });
});

if (isStandIn("aws"))
  describeWithEngine("a pool on AWS", () => {
    const { "kubeadm:cluster": cluster, ...config } = configOf("dev");
    const region = String(config["aws:region"]);
    const { workers: _workers, ...settings } = cluster as RawSettings;
    let args: AwsWorkerPoolArgs | undefined = { instanceType: "t3.large", count: 2 };
    let engine: EngineStack;
    let hosts: ReturnType<typeof paperHosts>;

    beforeAll(async () => {
      engine = await createEngineStack({
        projectName: "pulumi-kubeadm",
        stackName: "dev",
        program: () => {
          const pools = args === undefined ? [] : [new AwsWorkerPool("batch", args)];
          makeAwsParts(settings, "dev", region, pools);
          return Promise.resolve({});
        },
        config,
      });
      hosts = paperHosts(engine.workDir);
    });
    afterAll(() => engine?.close());
    beforeEach(() => hosts.forget());

    const groups = () => awsObjects(engine.awsAccount).filter((one) => one.startsWith("autoscaling.Group "));

    it("is made with its cluster, and waited for", async () => {
      await engine.up();
      expect(groups()).toHaveLength(1);
      expect(hosts.asked().map(({ spec }) => spec.step)).toEqual(["preflight", "init", "node", "poolReady"]);
      const plane = hosts.asked().find(({ spec }) => spec.step === "node");
      expect(JSON.stringify(plane?.spec)).toContain('"pools":[{"name":"batch","platform":"linux"');
    });

    it("has nothing to do the second time", async () => {
      expect((await engine.preview()).changed).toEqual([]);
    });

    it("changes by its arguments, at the group and at the wait for it", async () => {
      args = { instanceType: "t3.large", count: 3 };
      expect(opsOf(await engine.up()).sort()).toEqual(["update batch-group", "update batch-ready"]);
    });

    it("has its launch hook again where its group is replaced under the same name", async () => {
      const [before] = awsObjectsOf(engine.awsAccount, "autoscaling.LifecycleHook");
      const { resources } = (await engine.exportState()).deployment as { resources: { urn: string }[] };
      const urn = resources.find((one) => one.urn.endsWith("::batch-group"))?.urn ?? "";
      await engine.up({ replace: [urn] });
      const [group] = awsObjectsOf(engine.awsAccount, "autoscaling.Group");
      const hooks = awsObjectsOf(engine.awsAccount, "autoscaling.LifecycleHook");
      expect(hooks).toMatchObject([{ name: "launch", notificationMetadata: group?.["arn"] }]);
      expect(before?.["notificationMetadata"]).not.toBe(group?.["arn"]);
      expect((await engine.preview()).changed).toEqual([]);
    });

    it("goes when it is taken out, and control-plane nodes let no instance of it in any more", async () => {
      args = undefined;
      await engine.up();
      expect(groups()).toEqual([]);
      const plane = hosts.asked().find(({ spec }) => spec.step === "node");
      expect(JSON.stringify(plane?.spec)).toContain('"pools":[]');
    });

    it("takes over a pool of the settings by an alias, and nothing changes", async () => {
      const general = { instanceType: "t3.large", count: 2 };
      engine.setProgram(() => {
        makeAwsParts({ ...settings, workers: { general } }, "dev", region);
        return Promise.resolve({});
      });
      await engine.up();
      engine.setProgram(() => {
        const parent = pulumi.createUrn("dev", "kubeadm:index:Cluster", undefined, "pulumi-kubeadm", "dev");
        const opts = { aliases: [{ name: "dev-pool-general", parent }] };
        makeAwsParts(settings, "dev", region, [new AwsWorkerPool("general", general, opts)]);
        return Promise.resolve({});
      });
      expect((await engine.preview()).changed).toEqual([]);
    });
  });
