/** Machines of another provider in the same program, on the engine: their addresses are known once they are made. */
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { ControlPlane } from "../../components/kubeadm/controlPlane";
import { readWithLate } from "../../components/late";
import { preflightStep, type StepsArgs } from "../../components/machines/steps";
import { poolsOf, WorkerPool } from "../../components/machines/workerPool";
import { checked } from "../../components/part";
import { Pki } from "../../components/pki/pki";
import { readCluster } from "../../model/settings/parse";
import { metalInput, type RawSettings } from "../support/settings";
import { describeWithEngine } from "./available";
import { paperHosts } from "./awsParts";
import { createEngineStack, type EngineStack } from "./harness";
import { EngineError, opsOf } from "./result";
import { Server, type ServerArgs } from "./server";

/** The parts of `Cluster` that need no API. */
class Parts extends pulumi.ComponentResource {
  constructor(name: string, given: unknown) {
    const { settings, late } = readWithLate(given, name, (written, paths) =>
      readCluster(written, { environment: name, late: paths }),
    );
    super("kubeadm:index:Cluster", name);
    const opts = { parent: this };
    const { clusterId, controlPlaneFiles } = new Pki(`${name}-pki`, { protect: false }, opts);
    const steps: StepsArgs = { settings, late, sshKeys: { operator: "" }, clusterId, controlPlaneFiles };
    const after = [preflightStep(`${name}-preflight`, steps, opts)];
    const plane = new ControlPlane(`${name}-control-plane`, { ...steps, after }, opts);
    for (const spec of poolsOf(settings))
      new WorkerPool(`${name}-pool-${spec.pool}`, checked(spec), opts).createSteps({
        ...steps,
        after,
        controlPlaneNodes: plane.nodeSteps,
      });
    this.registerOutputs({});
  }
}

const HOST_KEY = String((metalInput()["machines"] as Record<string, RawSettings>)["cp1"]?.["hostKey"]);
const server = (host: number): ServerArgs => ({
  image: "debian-13",
  givenAddress: `10.40.0.${host}`,
  givenHostKey: HOST_KEY,
});

describeWithEngine("machines that are made in the same program", () => {
  let servers: Record<string, ServerArgs> = { cp1: server(11), w1: server(21), w2: server(22) };
  let revisions: Record<string, number> = {};
  let engine: EngineStack;
  let hosts: ReturnType<typeof paperHosts>;

  beforeAll(async () => {
    engine = await createEngineStack({
      projectName: "pulumi-kubeadm",
      stackName: "any",
      program: () => {
        const machines = Object.entries(servers).map(([name, args]) => {
          const { ipv4Address, sshHostKey } = new Server(name, args);
          const role = name.startsWith("cp") ? { role: "controlPlane" } : { role: "worker" };
          const revision = revisions[name] ?? 1;
          return [
            name,
            { ...role, host: ipv4Address, hostKey: sshHostKey, user: "root", key: "operator", revision },
          ];
        });
        new Parts("any", { protect: false, machines: Object.fromEntries(machines) as unknown });
        return Promise.resolve({});
      },
    });
    hosts = paperHosts(engine.workDir);
  });
  afterAll(() => engine?.close());
  beforeEach(() => hosts.forget());

  const asked = (): string[] => hosts.steps();

  it("are in the first preview with every step, and no host is asked", async () => {
    const preview = await engine.preview();
    const names = preview.steps.filter(({ type }) => type !== "pulumi:pulumi:Stack").map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["cp1", "w1", "any-preflight", "any-control-plane-init"]));
    expect(names.filter((name) => /-(setup|node)$/.test(name))).toHaveLength(6);
    expect(new Set(preview.steps.map(({ op }) => op))).toEqual(new Set(["create"]));
    expect(asked()).toEqual([]);
  });

  it("are refused with all that is wrong before a host is asked", async () => {
    const right = servers;
    servers = {
      ...right,
      w1: { ...server(21), givenAddress: "10.244.7.1" },
      w2: { ...server(11), givenHostKey: "SHA256:abc" },
    };
    const error = await engine.up().then(
      () => expect.fail("it was taken"),
      (problem: unknown) => problem as EngineError,
    );
    servers = right;
    expect(error.result.log).toContain("3 problems in the settings of any");
    expect(error.result.log).toMatch(
      /machines\.w1\.host: "10\.244\.7\.1" .*\n\s+allowed: an address outside/,
    );
    expect(error.result.log).toContain(
      'machines.w2.host: "10.40.0.11" and port 22 are also those of machine cp1',
    );
    expect(error.result.log).toContain('machines.w2.hostKey: "SHA256:abc" is a fingerprint');
    expect(asked()).toEqual([]);
  });

  it("become nodes, whose steps have their addresses", async () => {
    await engine.up();
    expect(asked()[0]).toBe("create preflight");
    const last = hosts.asked().find(({ spec }) => spec.step === "node" && spec.machine === "w1");
    expect(last?.hosts).toEqual({ w1: "10.40.0.21", cp1: "10.40.0.11" });
    expect(JSON.stringify(hosts.asked())).not.toContain("${");
    expect(JSON.stringify(last?.spec)).toContain('"nodeAddress":"10.40.0.21"');
  });

  it("are left alone by a second preview", async () => {
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("come by themselves: the preview shows no other step but the look at all machines", async () => {
    servers = { ...servers, w3: server(23) };
    const wanted = [
      "create any-pool-default-w3-node",
      "create any-pool-default-w3-setup",
      "create w3",
      "update any-preflight",
    ];
    expect(opsOf(await engine.preview()).sort()).toEqual(wanted);
    expect(opsOf(await engine.up()).sort()).toEqual(wanted);
  });

  it("leave the cluster before the server goes", async () => {
    const { w3: _w3, ...rest } = servers;
    servers = rest;
    const ops = opsOf(await engine.up()).filter((op) => op.startsWith("delete"));
    expect(ops).toEqual(["delete any-pool-default-w3-node", "delete any-pool-default-w3-setup", "delete w3"]);
  });

  it("are replaced with a raised revision: the node leaves the old server before it goes, and joins on the new one", async () => {
    servers = { ...servers, w2: { ...server(32), image: "debian-14" } };
    revisions = { w2: 2 };
    const ops = opsOf(await engine.up());
    const joins = hosts
      .asked()
      .filter(({ spec }) => spec.step === "node" && spec.machine === "w2")
      .map(({ operation, hosts: known }) => `${operation} ${known["w2"]}`);
    expect(joins).toEqual(["delete 10.40.0.22", "create 10.40.0.32"]);
    expect(asked().filter((step) => /w1|cp1/.test(step))).toEqual([]);
    expect(ops.at(-1)).toBe("delete-replaced w2");
  });

  it("go last when all is destroyed", async () => {
    const names = (await engine.destroy()).steps.map(({ name }) => name);
    const steps = names.filter((name) => /-(setup|node|init|preflight)$/.test(name));
    expect(names.indexOf("w1")).toBeGreaterThan(names.indexOf("any-pool-default-w1-setup"));
    // Every node asks the control plane when it leaves.
    expect(names.indexOf("cp1")).toBeGreaterThan(Math.max(...steps.map((name) => names.indexOf(name))));
  });
});
