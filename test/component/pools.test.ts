/** Pools that a program creates and passes to its cluster. */
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import "../../aws";
import { AwsWorkerPool, type AwsWorkerPoolArgs } from "../../aws";
import { SPEC_VARIABLE, type StepInput } from "../../host/protocol";
import {
  Cluster,
  WorkerPool,
  type AwsClusterInput,
  type ClusterArgs,
  type WorkerPoolArgs,
} from "../../index";
import { byName, record, type Recorded, type RecordOptions } from "../../testing/recorder";
import { metalInput, type RawSettings } from "../support/settings";
import { problemsOf } from "./problems";
import { made } from "./providers";

type Machines = Record<string, RawSettings>;

const machines = metalInput()["machines"] as Machines;
const { w2, ...others } = machines;
const { role: _role, pool: _pool, ...bare } = w2;
const gpu1: RawSettings = { ...bare, labels: { gpu: "a100" }, taints: ["gpu=true:NoSchedule"] };
const poolArgs = { machines: { gpu1 } } as unknown as WorkerPoolArgs;
const settingsOf = (more: RawSettings = {}): ClusterArgs["settings"] =>
  ({ ...metalInput(), machines: others, ...more }) as never;
const secrets = { operator: pulumi.secret("key"), proxy: pulumi.secret("user:password") };

const options: RecordOptions = { outputs: made, onWarning: () => undefined };

/** For tests that go on where a program would end, so that each pool is refused once more. */
const going: RecordOptions = { ...options, onError: () => undefined };

/** A cluster of whose machines one is in a pool of its own. */
function withPool(args: WorkerPoolArgs, over: RawSettings = {}, more: RecordOptions = {}) {
  const program = (): void => {
    const pool = new WorkerPool("gpu", args);
    new Cluster("metal", { settings: settingsOf(over), environment: "metal", secrets, pools: [pool] });
  };
  return record(program, { ...options, ...more });
}

/** The same with the pool in the settings. */
function inSettings(over: RawSettings = {}) {
  const all = { ...others, gpu1: { ...gpu1, role: "worker", pool: "gpu" } };
  return record(() => {
    const settings = settingsOf({ machines: all, ...over });
    new Cluster("metal", { settings, environment: "metal", secrets });
  }, options);
}

/** What every resource is sent; a pool of the program is named by itself. */
const sentOf = (all: readonly Recorded[]) =>
  new Map(all.map(({ name, sent }) => [name.replace(/^metal-pool-gpu/, "gpu"), sent]));

function inputOf(all: readonly Recorded[], name: string): StepInput {
  const { stdin } = byName(all, name).inputs;
  return JSON.parse(pulumi.runtime.unwrapRpcSecret(stdin) as string) as StepInput;
}

const keysIn = (all: readonly Recorded[], name: string) =>
  Object.fromEntries(
    Object.entries(inputOf(all, name).connections).map(([machine, { privateKey }]) => [machine, privateKey]),
  );

describe("a pool of machines", () => {
  const tenant = { network: { enforced: false, egress: [{ kubernetesApi: true }, { internet: true }] } };

  it.each<[string, RawSettings]>([
    [
      "a firewall on the hosts",
      { firewall: "nftables", access: { ssh: ["10.0.0.0/8"], api: ["10.0.0.0/8"] } },
    ],
    ["a proxy", { firewall: "none", access: {}, proxy: { http: "http://proxy:3128", credentials: "proxy" } }],
    ["tenants", { tenants: { shop: tenant } }],
  ])("is known to every other machine, with %s, as one of the settings", async (_, over) => {
    const own = sentOf(await withPool(poolArgs, over));
    expect(own).toEqual(sentOf(await inSettings(over)));
    expect([...own.keys()].filter((name) => name.startsWith("gpu")).sort()).toEqual([
      "gpu",
      "gpu-gpu1-node",
      "gpu-gpu1-setup",
    ]);
  });

  it("joins after the control plane, and what comes after nodes waits for it", async () => {
    const all = await withPool(poolArgs);
    const { dependsOn, parent } = byName(all, "gpu-gpu1-node");
    expect(parent).toBe(byName(all, "gpu").urn);
    for (const name of ["cp1", "cp2", "cp3"])
      expect(dependsOn).toContain(byName(all, `metal-control-plane-${name}-node`).urn);
    expect(byName(all, "gpu-gpu1-setup").dependsOn).toContain(byName(all, "metal-preflight").urn);
    expect(byName(all, "metal-coredns").dependsOn).toContain(byName(all, "gpu-gpu1-node").urn);
  });

  it("gives its labels and taints to machines without ones of their own", async () => {
    const bare = {
      ...gpu1,
      host: "10.40.0.77",
      nodeAddress: "10.40.0.77",
      labels: undefined,
      taints: undefined,
    };
    const own = { ...gpu1, labels: { gpu: "h100", row: "4" }, taints: [] };
    const labels = { gpu: "a100", rack: "7" };
    const args = { machines: { bare, own }, labels, taints: ["a:NoSchedule"] } as unknown as WorkerPoolArgs;
    const all = await withPool(args);
    const machineOf = (name: string) => {
      const { environment } = byName(all, `gpu-${name}-node`).inputs as {
        environment: Record<string, string>;
      };
      const spec = JSON.parse(environment[SPEC_VARIABLE]) as { node: { machine: object } };
      return spec.node.machine;
    };
    const taint = { key: "a", effect: "NoSchedule" };
    expect(machineOf("bare")).toMatchObject({ pool: "gpu", labels, taints: [taint] });
    expect(machineOf("own")).toMatchObject({ labels: { gpu: "h100", rack: "7", row: "4" }, taints: [] });
  });

  it("has a bound of its own for upgrades, beside those of the settings", async () => {
    const args = { machines: { gpu1 }, maxUnavailable: "50%" } as unknown as WorkerPoolArgs;
    const upgrades = { maxUnavailable: 3, pools: { general: { maxUnavailable: 2 } } };
    const all = await withPool(args, { upgrades });
    const specOf = (name: string) => {
      const { environment } = byName(all, name).inputs as { environment: Record<string, string> };
      return JSON.parse(environment[SPEC_VARIABLE]) as { upgrades?: object; upgrade?: object };
    };
    expect(specOf("gpu-gpu1-node").upgrades).toEqual({ maxUnavailable: "50%" });
    expect(specOf("metal-preflight").upgrade).toMatchObject({
      maxUnavailable: { general: 2, gpu: "50%" },
    });
  });

  it("may not have its bound in the settings too, nor one that is none", async () => {
    const args = (maxUnavailable: unknown) =>
      ({ machines: { gpu1 }, maxUnavailable }) as unknown as WorkerPoolArgs;
    await expect(withPool(args(2), { upgrades: { pools: { gpu: { maxUnavailable: 1 } } } })).rejects.toThrow(
      "pools.gpu.maxUnavailable: 2 is set twice: the settings have upgrades.pools.gpu too",
    );
    await expect(withPool(args("150%"))).rejects.toThrow("maxUnavailable");
  });

  it("takes addresses that are outputs, and shows every resource in the first preview", async () => {
    const [host, nodeAddress] = [pulumi.output(gpu1["host"]), pulumi.output(gpu1["nodeAddress"])];
    const late = { machines: { gpu1: { ...gpu1, host, nodeAddress } } } as unknown as WorkerPoolArgs;
    expect(sentOf(await withPool(late)).get("gpu-gpu1-node")).toEqual(
      sentOf(await withPool(poolArgs)).get("gpu-gpu1-node"),
    );
    const unknown = pulumi.output(pulumi.unknown as unknown as string);
    const args = { machines: { gpu1: { ...gpu1, host: unknown, nodeAddress: unknown } } };
    const preview = await withPool(args as unknown as WorkerPoolArgs, {}, { preview: true });
    const names = (all: readonly Recorded[]) => all.map(({ name }) => name).sort();
    expect(names(preview)).toEqual(names(await withPool(poolArgs)));
  });

  it("reports late addresses that do not fit at its arguments, by preflight", async () => {
    const nodeAddress = pulumi.output("10.244.7.1");
    const late = { machines: { gpu1: { ...gpu1, nodeAddress } } } as unknown as WorkerPoolArgs;
    const { problems } = inputOf(await withPool(late), "metal-preflight");
    expect(problems).toContain(
      'pools.gpu.machines.gpu1.nodeAddress: "10.244.7.1" is the node\'s address and lies within',
    );
  });

  it("may have no machine yet", async () => {
    const all = await withPool({ machines: {} });
    expect(all.filter(({ parent }) => parent === byName(all, "gpu").urn)).toEqual([]);
  });

  it("is the pool of its name in the cluster, with its nodes", async () => {
    await record(() => {
      const pool = new WorkerPool("gpu", poolArgs);
      expect(() => pool.nodesReady).toThrow("pool gpu has no nodes yet");
      const { workerPools } = new Cluster("metal", { settings: settingsOf(), secrets, pools: [pool] });
      expect(workerPools["gpu"]).toBe(pool);
      expect(Object.keys(workerPools)).toEqual(["general", "gpu"]);
      expect(pool.nodesReady).toHaveLength(1);
    }, options);
  });

  it("is made by the cluster's provider where it has none", async () => {
    const all = await record(() => {
      const providers = [new command.Provider("theirs")];
      const pool = new WorkerPool("gpu", poolArgs);
      const own = new WorkerPool(
        "own",
        {
          machines: { own1: { ...gpu1, host: "10.40.0.78", nodeAddress: undefined } },
        } as unknown as WorkerPoolArgs,
        { provider: new command.Provider("own") },
      );
      new Cluster("metal", { settings: settingsOf(), secrets, pools: [pool, own] }, { providers });
    }, options);
    expect(byName(all, "gpu-gpu1-node").provider).toContain("::theirs::");
    expect(byName(all, "own-own1-setup").provider).toContain("::own::");
  });

  it("that no cluster has fails the program", async () => {
    const errors: string[] = [];
    const program = () => void new WorkerPool("gpu", poolArgs);
    const all = await record(program, { ...options, onError: (message) => errors.push(message) });
    expect(errors).toEqual([expect.stringMatching(/^pool gpu is in no cluster: pass the WorkerPool/)]);
    const { inputs } = byName(all, "gpu-in-no-cluster");
    expect(inputs["create"]).toContain("pool gpu is in no cluster");
    expect(inputs["create"]).toContain("process.exitCode = 1");
  });
});

describe("secrets of a pool", () => {
  const own = { ...poolArgs, secrets: { operator: pulumi.secret("its own key") } };

  it("are those of the cluster unless it brings its own, which no other machine gets", async () => {
    const { gpu1: cluster } = keysIn(await withPool(poolArgs), "metal-preflight");
    expect(cluster).toBe("key");
    const all = await withPool(own);
    const keys = { cp1: "key", cp2: "key", cp3: "key", gpu1: "its own key" };
    expect(keysIn(all, "metal-preflight")).toEqual({ ...keys, w1: "key" });
    expect(keysIn(all, "gpu-gpu1-node")).toEqual(keys);
    expect(inputOf(all, "metal-pool-general-w1-node").connections).not.toHaveProperty("gpu1");
  });

  it("may be one output, and are then not asked of the cluster", async () => {
    const args = { machines: { gpu1: { ...gpu1, key: "gpu" } } } as unknown as WorkerPoolArgs;
    const whole = pulumi.secret(pulumi.output({ gpu: "its own key" }));
    const all = await record(() => {
      const pool = new WorkerPool("gpu", { ...args, secrets: whole });
      const cluster = pulumi.secret(pulumi.output({ operator: "key" }));
      const { settings } = new Cluster("metal", { settings: settingsOf(), secrets: cluster, pools: [pool] });
      expect(settings.secretNames).toEqual(["operator"]);
    }, options);
    expect(keysIn(all, "gpu-gpu1-setup")).toMatchObject({ gpu1: "its own key", cp1: "key" });
  });

  it("are in no plain text", async () => {
    const all = await withPool(own);
    const plain = all.map(({ inputs }) => JSON.stringify({ ...inputs, stdin: "" })).join();
    expect(plain).not.toContain("its own key");
  });
});

describe("pools that do not fit", () => {
  const problems = (make: () => WorkerPool[], settings = settingsOf()) =>
    problemsIn(() => void new Cluster("metal", { settings, environment: "metal", pools: make() }));

  /** The pools are registered before the cluster is checked; nothing else is. */
  async function problemsIn(program: () => void) {
    let found: Awaited<ReturnType<typeof problemsOf>> = [];
    const all = await record(
      () => {
        try {
          program();
        } catch (error) {
          found = (error as { problems: typeof found }).problems;
        }
      },
      { ...going, allowEmpty: true },
    );
    const rest = all.filter(({ name }) => !name.endsWith("-in-no-cluster"));
    expect(new Set(rest.map(({ type }) => type.split(":")[2]))).toEqual(new Set(["WorkerPool"]));
    return found.map(({ path, message }) => [path, message]);
  }

  it("are reported together with the settings, at the arguments of the pool", async () => {
    const found = await problems(
      () => {
        const args = { ...gpu1, nodeAddress: machines["cp1"]?.["nodeAddress"], key: "nobody" };
        return [new WorkerPool("gpu", { machines: { gpu1: args } } as unknown as WorkerPoolArgs)];
      },
      settingsOf({ network: { maxNodes: 4 } }),
    );
    expect(found).toEqual([
      ["network.maxNodes", expect.stringContaining("5 nodes")],
      ["pools.gpu.machines.gpu1.nodeAddress", "is also the node address of machine cp1"],
    ]);
  });

  it("are refused for names that are there twice", async () => {
    const of = (name: string, pool: string, called: string) =>
      new WorkerPool(name, { pool, machines: { [called]: gpu1 } } as unknown as WorkerPoolArgs);
    const found = await problems(() => [
      of("one", "general", "w1"),
      of("two", "gpu", "gpu1"),
      of("three", "gpu", "gpu1"),
    ]);
    expect(found).toEqual([
      ["pools.general", "is not unique: the settings have such a pool"],
      ["pools.general.machines.w1", "is also the name of a machine in the settings"],
      ["pools.gpu", "is not unique: another pool has that name"],
      ["pools.gpu.machines.gpu1", "is also the name of a machine of pool gpu"],
    ]);
  });

  it("are refused for a second cluster, and for another platform", async () => {
    const found = await problemsIn2((pool) => {
      const args = { environment: "metal", secrets, pools: [pool] };
      new Cluster("one", { ...args, settings: settingsOf() });
      new Cluster("two", { ...args, settings: settingsOf({ name: "two" }) });
    });
    expect(found).toEqual(["is in another cluster already"]);
    const elsewhere = await problemsIn2((pool) => {
      const settings = {
        platform: "aws",
        access: { api: [], ssh: [] },
        controlPlane: { count: 1, instanceType: "t3.medium" },
      };
      new Cluster("two", { settings: settings as never, region: "eu-central-1", pools: [pool] });
    });
    expect(elsewhere).toContain("is for platform machines");
  });

  async function problemsIn2(program: (pool: WorkerPool) => void): Promise<string[]> {
    let found: string[] = [];
    await record(() => {
      try {
        program(new WorkerPool("gpu", poolArgs));
      } catch (error) {
        found = (error as { problems: { message: string }[] }).problems.map(({ message }) => message);
      }
    }, going);
    return found;
  }

  it("are told what they are missing in secrets of the cluster", async () => {
    const args = { machines: { gpu1: { ...gpu1, key: "nobody" } } } as unknown as WorkerPoolArgs;
    const paths: string[] = [];
    await record(() => {
      const pools = [new WorkerPool("gpu", args)];
      try {
        new Cluster("metal", { settings: settingsOf(), secrets, pools });
      } catch (error) {
        paths.push(...(error as { problems: { path: string }[] }).problems.map(({ path }) => path));
      }
    }, going);
    expect(paths).toEqual(["pools.gpu.machines.gpu1.key"]);
  });
});

describe("a pool on AWS", () => {
  const settings: AwsClusterInput = {
    platform: "aws",
    access: { api: ["203.0.113.0/24"], ssh: ["203.0.113.0/24"] },
    controlPlane: { count: 1, instanceType: "t3.medium" },
  };
  const batch: AwsWorkerPoolArgs = {
    instanceTypes: ["m6i.large", "m5.large"],
    min: 1,
    max: 3,
    spot: { enabled: true },
    labels: { "node.kubernetes.io/class": "batch" },
    repair: {},
  };
  const aws: RecordOptions = {
    onWarning: () => undefined,
    preview: true,
    call: () => ({ insecureValue: pulumi.unknown, id: pulumi.unknown }),
  };
  const base = { environment: "cloud", region: "eu-central-1" };

  it("is made of the same as one of the settings, and control-plane nodes let the same in", async () => {
    const own = await record(() => {
      const pool = new AwsWorkerPool("batch", batch);
      const { workerPools } = new Cluster("cloud", { ...base, settings, pools: [pool] });
      expect(workerPools["batch"]).toBe(pool);
    }, aws);
    const written = await record(
      () => void new Cluster("cloud", { ...base, settings: { ...settings, workers: { batch } } }),
      aws,
    );
    const sent = (all: readonly Recorded[]) =>
      new Map(all.map(({ name, sent: given }) => [name.replace(/^cloud-pool-batch/, "batch"), given]));
    expect(sent(own)).toEqual(sent(written));
    expect(own.filter(({ name }) => name.startsWith("batch"))).toHaveLength(11);
    const guard = byName(own, "cloud-control-plane-guard").urn;
    for (const name of ["batch-identity", "batch-join", "batch-template", "batch-group", "batch-ready"])
      expect(byName(own, name).dependsOn, name).toContain(guard);
  });

  it("is checked with the settings of its cluster", async () => {
    const found: string[] = [];
    await record(
      () => {
        const pool = new AwsWorkerPool("batch", { instanceType: "t3.large", min: 4, max: 2, zones: ["z"] });
        try {
          new Cluster("cloud", { ...base, settings, pools: [pool] });
        } catch (error) {
          found.push(...(error as { problems: { path: string }[] }).problems.map(({ path }) => path));
        }
      },
      { ...aws, onError: () => undefined },
    );
    expect(found).toEqual(["pools.batch.min", "pools.batch.zones[0]"]);
  });
});
