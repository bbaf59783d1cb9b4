/**
 * Control-plane nodes on AWS that would be replaced, through the real engine: what the control plane does not survive is
 * refused before the first delete, and one node at a time leaves before its instance does. Evidence of the faults this
 * guards against: pulumi, pkg/resource/deploy/step_generator.go: dependents of a resource that is deleted before it is
 * replaced are deleted first, so a node would leave before anything on AWS could refuse.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithEngine } from "./available";
import { awsObject, awsObjects, changeAws } from "./awsAccount";
import { awsParts, paperHosts } from "./awsParts";
import { configOf } from "./environments";
import type { StepSpec } from "../../host/protocol";
import { createEngineStack, isStandIn, type EngineStack, type OperationOptions } from "./harness";
import { EngineError } from "./result";

interface Raw {
  readonly etcd?: Readonly<Record<string, unknown>>;
  readonly controlPlane: Readonly<Record<string, unknown>>;
  readonly network: Readonly<Record<string, unknown>>;
}

if (isStandIn("aws")) {
  describeWithEngine("three control-plane nodes on AWS", three);
  describeWithEngine("the only control-plane node on AWS", only);
  describeWithEngine("one control-plane node on AWS that becomes three", grows);
} else it.skip("the official plugin would need an account", () => undefined);

const SNAPSHOT = "etcd-0123456789abcdef-20261129T015500Z-r1-e3.6.8-k1.36.4.snapshot";

function stepName(operation: string, spec: StepSpec): string {
  return `${operation} ${spec.step} ${"machine" in spec ? spec.machine : ""}`.trim();
}

/** One environment, with changes of its settings that a test makes. */
function stackOf(environment: string) {
  const config = configOf(environment);
  const raw = config["kubeadm:cluster"] as Raw;
  let settings: object = raw;
  let engine: EngineStack;
  let hosts: ReturnType<typeof paperHosts>;
  const steps = () => hosts.asked().map(({ operation, spec }) => stepName(operation, spec));
  const instances = () =>
    awsObjects(engine.awsAccount)
      .filter((one) => one.startsWith("ec2.Instance "))
      .sort();
  return {
    raw,
    /** Late values of a step that ran; empty where it did not. */
    values: (step: string): Readonly<Record<string, string>> =>
      hosts.asked().find(({ operation, spec }) => stepName(operation, spec) === step)?.values ?? {},
    open: async () => {
      engine = await createEngineStack({
        projectName: "pulumi-kubeadm",
        stackName: environment,
        program: () => Promise.resolve(awsParts(settings, environment, config["aws:region"] as string)),
        config,
      });
      hosts = paperHosts(engine.workDir);
    },
    close: () => engine?.close(),
    engine: () => engine,
    instances,
    steps,
    /** Where the last run's steps found each host. */
    found: () => hosts.asked().flatMap((one) => Object.entries(one.hosts)),
    /** Public addresses that instances have now, by the instance's name. */
    publicAddresses: (): Record<string, unknown> =>
      Object.fromEntries(
        awsObjects(engine.awsAccount)
          .filter((one) => one.startsWith("interface "))
          .map((one) => awsObject(engine.awsAccount, "interface", one.split(" ")[1] ?? "") ?? {})
          .flatMap(({ owner, allocation, publicAddress }) => {
            if (typeof owner !== "string" || !owner.startsWith("i-")) return [];
            const tags = awsObject(engine.awsAccount, "ec2.Instance", owner)?.["tags"];
            const name = (tags as { Name: string }).Name.replace(/^dev-/, "");
            const elastic =
              typeof allocation === "string"
                ? awsObject(engine.awsAccount, "ec2.Eip", allocation)
                : undefined;
            return [[name, elastic?.["publicIp"] ?? publicAddress]];
          }),
      ),
    /**
     * Takes instances of control-plane nodes away behind Pulumi's back, then refreshes and runs `up`; how many instances
     * are new.
     */
    lost: async (names: readonly string[], next: object, target?: string[]) => {
      const before = instances();
      const tag = (one: string) =>
        awsObject(engine.awsAccount, "ec2.Instance", one.split(" ")[1] ?? "")?.["tags"];
      for (const name of names) {
        const gone = before.find((one) => JSON.stringify(tag(one) ?? {}).includes(`-${name}"`)) ?? "";
        const id = gone.split(" ")[1] ?? "";
        changeAws(engine.awsAccount, "ec2.Instance", id, "remove");
        // Its interface, and with it the address, goes with an instance.
        for (const one of awsObjects(engine.awsAccount)) {
          const [kind = "", eni = ""] = one.split(" ");
          if (kind === "interface" && awsObject(engine.awsAccount, kind, eni)?.["owner"] === id)
            changeAws(engine.awsAccount, kind, eni, "remove");
        }
      }
      settings = next;
      await engine.refresh(target === undefined ? {} : { target });
      hosts.forget();
      await engine.up();
      return { steps: steps(), made: instances().filter((one) => !before.includes(one)).length };
    },
    /** Steps of that kind, or of one machine, fail from now on; none: all go well. */
    fails: (step = "") => hosts.fail(step),
    /** `up` with these settings; the steps that ran. */
    up: async (next: object): Promise<string[]> => {
      settings = next;
      hosts.forget();
      await engine.up();
      return steps();
    },
    /** `up` or a preview with these settings is refused with such a text, and has changed nothing: no host, nothing on AWS. */
    refuses: async (next: object, text: RegExp, how: "up" | "preview" = "up", options?: OperationOptions) => {
      const before = awsObjects(engine.awsAccount).sort();
      settings = next;
      hosts.forget();
      const error: unknown = await engine[how](options).catch((refusal: unknown) => refusal);
      expect(error).toBeInstanceOf(EngineError);
      const { result } = error as EngineError;
      expect(result.log).toMatch(text);
      if (how === "up") {
        expect(result.changed.filter((one) => /^(delete|replace|create)/.test(one))).toEqual([]);
        expect(steps().filter((one) => !one.endsWith(" health"))).toEqual([]);
        expect(awsObjects(engine.awsAccount).sort()).toEqual(before);
      }
    },
  };
}

function three(): void {
  const stack = stackOf("prod");
  const { raw } = stack;
  // The volume comes later, in its own test.
  const { etcdVolume: _, ...without } = raw.controlPlane;
  const plane = (more: object, protect = false) => ({
    ...raw,
    protect,
    controlPlane: { ...without, ...more },
  });
  const network = (more: object) => ({ ...plane({}), network: { ...raw.network, ...more } });
  const all = { "cp-1": 2, "cp-2": 2, "cp-3": 2 };

  beforeAll(async () => {
    await stack.open();
    await stack.up(plane({}));
  });

  afterAll(() => stack.close());

  it("are never replaced together, with --continue-on-error neither", async () => {
    const text = /cp-1, cp-2 and cp-3 would be replaced in one run/;
    await stack.refuses(plane({ revisions: all }), text);
    await stack.refuses(plane({ revisions: all }), text, "up", { continueOnError: true });
  });

  it.each<[string, object, RegExp]>([
    ["reordered zones", { zones: ["b", "a", "c"] }, /network\.zones: cp-1 is at 10\.16\./],
    ["another VPC", { vpcCidr: "10.24.0.0/16" }, /network\.vpcCidr: cp-1 is at/],
    ["another subnetMask", { subnetMask: 22 }, /network\.subnetMask: cp-1 is at/],
  ])("are not moved by %s", async (_, change, text) => {
    await stack.refuses(network(change), text);
  });

  it("are replaced one at a time: the node leaves, its instance ends, and the new one joins", async () => {
    const before = stack.instances();
    // A volume for etcd comes with an instance's start: it replaces none that runs.
    const etcdVolume = {};
    expect(
      (await stack.up(plane({ etcdVolume }))).filter((one) => !/^update (preflight|node|health)/.test(one)),
    ).toEqual([]);
    expect(stack.instances()).toEqual(before);
    const steps = await stack.up(plane({ etcdVolume, revisions: { "cp-2": 2 } }));
    const ids = stack.values("create node cp-2");
    expect(ids["${etcdVolume}"]).toMatch(/^vol-[0-9a-f]+$/);
    expect(stack.values("update node cp-1")["${etcdVolume}"] ?? "").toBe("");
    expect(steps.filter((one) => !/^update (preflight|node|health)/.test(one))).toEqual([
      "delete node cp-2",
      "create node cp-2",
    ]);
    expect(stack.instances().filter((one) => before.includes(one))).toHaveLength(before.length - 1);
    expect(stack.instances()).toHaveLength(before.length);
  });

  it("stay while another one is not well", async () => {
    const raised = plane({ etcdVolume: {}, revisions: { "cp-2": 2, "cp-3": 2 } });
    stack.fails("health");
    await stack.refuses(raised, /health is not well/);
    await stack.refuses(raised, /health is not well/, "up", { continueOnError: true });
    stack.fails();
    await stack.up(plane({ etcdVolume: {}, revisions: { "cp-2": 2 } }));
  });

  it("are made again where AWS lost the instance: a refresh forgets it, and its node leaves and joins", async () => {
    const settings = plane({ etcdVolume: {}, revisions: { "cp-2": 2 } });
    const { steps, made } = await stack.lost(["cp-3"], settings);
    expect(steps.filter((one) => !one.startsWith("update"))).toEqual([
      "delete node cp-3",
      "create node cp-3",
    ]);
    expect(made).toBe(1);
  });

  it("come back from a snapshot where AWS lost all of them: it is restored before a node leaves or joins", async () => {
    const before = plane({ etcdVolume: {}, revisions: { "cp-2": 2 } });
    const next = { ...before, etcd: { ...before.etcd, restore: SNAPSHOT } };
    const { steps, made } = await stack.lost(["cp-1", "cp-2", "cp-3"], next, ["**::prod-instances-cp-*"]);
    expect(made).toBe(3);
    expect(steps.filter((one) => /^(create|delete) /.test(one))).toEqual([
      "create restore",
      ...["cp-1", "cp-2", "cp-3"].flatMap((name) => [`delete node ${name}`, `create node ${name}`]),
    ]);
    // The first one's own volume: its setup is a part of the restore.
    expect(stack.values("create restore")).toEqual(stack.values("create node cp-1"));
    // Pools wait for it, and so that it is looked at again what their instances are to the restored cluster.
    expect(steps.at(-1)).toBe("update poolReady");
    expect((await stack.up(next)).filter((one) => one !== "update health")).toEqual([]);
    await stack.up(before);
  });

  it("get another type one after the other, each well before the next", async () => {
    stack.fails("settled cp-2");
    const before = awsObjects(stack.engine().awsAccount).sort();
    const types = () =>
      stack
        .instances()
        .map(
          (one) =>
            awsObject(stack.engine().awsAccount, "ec2.Instance", one.split(" ")[1] ?? "")?.["instanceType"],
        );
    const change = plane({ etcdVolume: {}, revisions: { "cp-2": 2 }, instanceType: "m7i.xlarge" });
    await expect(stack.up(change)).rejects.toThrow(/settled cp-2 is not well/);
    expect(stack.steps().filter((one) => one.includes("settled"))).toEqual([
      "update settled cp-1",
      "update settled cp-2",
    ]);
    expect(types().filter((one) => one === "m7i.xlarge")).toHaveLength(2);
    expect(awsObjects(stack.engine().awsAccount).sort()).toEqual(before);
    stack.fails();
    await stack.up(change);
    await stack.up(plane({ etcdVolume: {}, revisions: { "cp-2": 2 } }));
  });

  it("are protected: a preview fails, and up says what lets go of one", async () => {
    const one = { "cp-2": 2 };
    await stack.up(plane({ revisions: one }, true));
    const raised = plane({ revisions: { ...one, "cp-3": 2 } }, true);
    await stack.refuses(raised, /unable to replace resource .*prod-instances-cp-3/, "preview");
    await stack.refuses(
      raised,
      /is protected by .*EC2's termination protection.*controlPlane\.deletable: \[cp-3\]/s,
    );
    const deletable = ["cp-3"];
    await stack.up(plane({ revisions: one, deletable }, true));
    const steps = await stack.up(plane({ revisions: { ...one, "cp-3": 2 }, deletable }, true));
    expect(steps.filter((step) => step.startsWith("delete"))).toEqual(["delete node cp-3"]);
  });

  it("are destroyed once nothing is protected, and not before", async () => {
    const error: unknown = await stack
      .engine()
      .destroy()
      .catch((refusal: unknown) => refusal);
    expect(String(error)).toMatch(/protected/);
    await stack.up(plane({ revisions: { "cp-2": 2, "cp-3": 2 } }));
    await stack.engine().destroy();
    expect(awsObjects(stack.engine().awsAccount)).toEqual([]);
  });
}

function only(): void {
  const stack = stackOf("dev");
  const { raw } = stack;
  const plane = (more: object, beside: object = {}) => ({
    ...raw,
    ...beside,
    protect: false,
    controlPlane: { ...raw.controlPlane, ...more },
  });

  beforeAll(async () => {
    await stack.open();
    await stack.up(plane({}));
  });

  afterAll(() => stack.close());

  it("comes back from a snapshot where AWS lost it, on an instance at the same address", async () => {
    const target = { kind: "s3", bucket: "example-backups" };
    const next = plane({}, { etcd: { backup: { target }, restore: SNAPSHOT } });
    const { steps, made } = await stack.lost(["cp-1"], next, ["**::dev-instances-cp-*"]);
    expect(made).toBe(1);
    expect(steps.filter((one) => /^(create|delete) /.test(one))).toEqual([
      "create restore",
      "delete node cp-1",
      "create node cp-1",
    ]);
    // Once for one name, unless the step is replaced by hand.
    const again = await stack.engine().up({ replace: ["**::dev-control-plane-restore"] });
    expect(again.changed.filter((one) => one.includes("restore"))).not.toEqual([]);
    expect(stack.steps().at(-1)).toBe("create restore");
    await stack.up(plane({}));
  });

  it("is never replaced", async () => {
    await stack.refuses(plane({ revisions: { "cp-1": 2 } }), /only control-plane node/);
  });

  it("is not moved by a bastion that comes later, and stays where it is when the settings say so", async () => {
    await stack.refuses(
      plane({}, { bastion: {} }),
      /controlPlane\.subnetType: public to keep control-plane nodes/,
    );
    const before = stack.instances();
    const steps = await stack.up(plane({ subnetType: "public" }, { bastion: {} }));
    expect(steps.filter((one) => /^(delete|create)/.test(one))).toEqual([]);
    expect(stack.instances()).toEqual(expect.arrayContaining(before));
  });
}

function grows(): void {
  const stack = stackOf("dev");
  const { raw } = stack;
  const plane = (count: number) => ({
    ...raw,
    protect: false,
    controlPlane: { ...raw.controlPlane, count },
  });

  beforeAll(async () => {
    await stack.open();
    await stack.up(plane(1));
  });

  afterAll(() => stack.close());

  it("keeps the first at the address it had: every step finds its host where it is, then and later", async () => {
    const before = stack.publicAddresses();
    await stack.up(plane(3));
    const after = stack.publicAddresses();
    expect(after).toMatchObject(before);
    expect(Object.keys(after).sort()).toEqual(["cp-1", "cp-2", "cp-3"]);
    const found = stack.found();
    expect(found.map(([name]) => name)).toContain("cp-1");
    expect(found.filter(([name, host]) => after[name] !== host)).toEqual([]);
  });
}
