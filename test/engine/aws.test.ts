/** The environments on AWS through the real engine, against the stand-in for an account. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithEngine } from "./available";
import { awsObjects, controlAws } from "./awsAccount";
import { awsParts, paperHosts } from "./awsParts";
import { configOf, createEnvironment, expectPreviewOfPlan } from "./environments";
import { createEngineStack, isStandIn, type EngineStack } from "./harness";
import { EngineError, type EngineResult } from "./result";

interface Raw {
  access: { api: string[] };
  controlPlane: { instanceType: string };
  workers: Record<string, { count?: number; instanceType: string }>;
  tags: Record<string, string>;
}

if (isStandIn("aws")) {
  for (const name of ["dev", "prod"]) describeWithEngine(`environment ${name}`, () => previews(name));
  describeWithEngine("a life of dev's part of AWS", lifeOfDev);
  describeWithEngine("prod's part of AWS", lifeOfProd);
} else it.skip("the official plugin would need an account", () => undefined);

function settingsOf(name: string): { config: Record<string, unknown>; cluster: Raw; region: string } {
  const config = configOf(name);
  return { config, cluster: config["kubeadm:cluster"] as Raw, region: config["aws:region"] as string };
}

function previews(name: string): void {
  let engine: EngineStack;

  beforeAll(async () => {
    engine = await createEnvironment(name);
  });

  afterAll(() => engine?.close());

  it("shows exactly the plan's resources at its first preview", () => expectPreviewOfPlan(engine, name));
}

/** One stack walks through the steps, so the order of the tests matters. */
function lifeOfDev(): void {
  const { config, cluster, region } = settingsOf("dev");
  let engine: EngineStack;
  let hosts: ReturnType<typeof paperHosts>;

  beforeAll(async () => {
    engine = await createEngineStack({
      projectName: "pulumi-kubeadm",
      stackName: "dev",
      program: () => Promise.resolve(awsParts(cluster, "dev", region)),
      config,
    });
    hosts = paperHosts(engine.workDir);
  });

  afterAll(() => engine?.close());

  /** What the next update would change, without the steps that follow. */
  const changes = async (): Promise<string[]> => [...(await engine.preview()).changed].sort();

  it("is refused before anything is made where the account lacks a zone and a type", async () => {
    controlAws(engine.awsAccount, {
      zoneLetters: "bc",
      notOffered: { [`${region}b`]: [cluster.controlPlane.instanceType] },
    });
    const { result } = await failing(engine.up());
    expect(result.log).toContain(`is a zone that this account cannot use in ${region}`);
    expect(awsObjects(engine.awsAccount)).toEqual([]);
    controlAws(engine.awsAccount, { zoneLetters: "abc", notOffered: {} });
  });

  it("is made, and steps are told where hosts are, and which issuer it is", async () => {
    // S3 takes some time until it believes that the bucket of pod identity may be public.
    controlAws(engine.awsAccount, { s3Settles: 5 });
    await engine.up();
    const asked = hosts.asked();
    expect(asked.map(({ spec }) => spec.step)).toEqual(["preflight", "init", "node", "poolReady"]);
    for (const { hosts: dialled } of asked) {
      expect(Object.keys(dialled)).toEqual(["cp-1"]);
      expect(dialled["cp-1"]).toMatch(/^(?!10\.)\d+(\.\d+){3}$/);
    }
    const { values } = asked[1] ?? expect.fail("there was no init");
    expect(values["${issuer}"]).toMatch(/^https:\/\/[a-z0-9-]+\.s3\.eu-central-1\.amazonaws\.com$/);
    // Key pairs go over SSH: no role can read them.
    for (const { spec, files } of asked)
      expect(files.includes("/etc/kubernetes/pki/ca.key"), spec.step).toBe(/init|node/.test(spec.step));
  });

  it("has nothing to do the second time", async () => {
    expect(await changes()).toEqual([]);
  });

  it("lets a publisher's newer image be: control-plane nodes stay, and the group looks it up when it starts an instance", async () => {
    controlAws(engine.awsAccount, {
      parameters: {
        "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id":
          "ami-0fedcba9876543210",
      },
    });
    expect(await changes()).toEqual([]);
  });

  it("changes a tag where it stands, and no host", async () => {
    hosts.forget();
    cluster.tags = { environment: "dev", team: "platform" };
    const changed = await changes();
    expect(changed.length).toBeGreaterThan(10);
    for (const one of changed) expect(one).toMatch(/^update .*ag/);
    expect(changed.filter((one) => /node|preflight|init/.test(one))).toEqual([]);
    await engine.up();
    expect(hosts.asked()).toEqual([]);
  });

  it("changes an access range at its two rules alone", async () => {
    cluster.access.api = ["198.51.100.0/24"];
    const changed = await changes();
    expect(changed).toEqual([
      "create dev-firewall-control-plane-in-tcp-6443-198.51.100.0-24",
      "delete dev-firewall-control-plane-in-tcp-6443-203.0.113.0-24",
    ]);
    await engine.up();
  });

  it("changes a pool's size at its group, and waits for its nodes", async () => {
    hosts.forget();
    (cluster.workers.general ?? {}).count = 3;
    const changed = await changes();
    expect(changed.map((one) => one.split(" ").slice(0, 2).join(" "))).toEqual([
      "update dev-pool-general-group",
      "update dev-pool-general-ready",
    ]);
    await engine.up();
    expect(hosts.asked().map(({ spec }) => spec.step)).toEqual(["poolReady"]);
  });

  it("goes on where a zone has no capacity: the group tries again, and the step that waits says why", async () => {
    controlAws(engine.awsAccount, { withoutCapacity: [`${region}a`] });
    (cluster.workers.general ?? {}).count = 4;
    await engine.up();
    controlAws(engine.awsAccount, { withoutCapacity: [] });
    (cluster.workers.general ?? {}).count = 3;
    await engine.up();
  });

  it("changes a pool's instance type at its template, which rolls through the group, and waits for its nodes", async () => {
    const { general } = cluster.workers;
    if (general === undefined) expect.fail("dev has a pool general");
    general.instanceType = "t3.xlarge";
    const changed = (await changes()).map((one) => one.split(" ").slice(0, 2).join(" "));
    expect(changed).toEqual(
      expect.arrayContaining(["update dev-pool-general-template", "update dev-pool-general-ready"]),
    );
    for (const one of changed) expect(one).toMatch(/ dev-pool-general-/);
    await engine.up();
  });

  it("changes a control-plane node's instance type in place, and never replaces it", async () => {
    cluster.controlPlane.instanceType = "t3.large";
    const changed = await changes();
    expect(changed.filter((one) => one.includes("dev-instances"))).toEqual([
      expect.stringMatching(/^update dev-instances-cp-1 \(instanceType/),
    ]);
    expect(changed.filter((one) => /replace|delete|create/.test(one))).toEqual([]);
    await engine.up();
  });

  it("leaves nothing behind, however long nodes drain", async () => {
    controlAws(engine.awsAccount, { drainSeconds: 900 });
    await engine.destroy();
    expect(awsObjects(engine.awsAccount)).toEqual([]);
  });
}

async function failing(run: Promise<EngineResult>): Promise<EngineError> {
  return run.then(
    () => expect.fail("the operation was to fail"),
    (error: unknown) => {
      if (error instanceof EngineError) return error;
      throw error;
    },
  );
}

function lifeOfProd(): void {
  const { config, cluster, region } = settingsOf("prod");
  let engine: EngineStack;
  let hosts: ReturnType<typeof paperHosts>;

  beforeAll(async () => {
    // Everything of prod but its protection, which would keep the test from taking it away again.
    const open = {
      ...cluster,
      protect: false,
      controlPlane: { ...cluster.controlPlane, terminationProtection: false },
    };
    engine = await createEngineStack({
      projectName: "pulumi-kubeadm",
      stackName: "prod",
      program: () => Promise.resolve(awsParts(open, "prod", region)),
      config,
    });
    hosts = paperHosts(engine.workDir);
  });

  afterAll(() => engine?.close());

  it("is made, its hosts dialled at their private addresses, and is the same the second time", async () => {
    await engine.up();
    const asked = hosts.asked();
    expect(asked.map(({ spec }) => spec.step).slice(0, 8)).toEqual([
      "health",
      "settled",
      "settled",
      "preflight",
      "init",
      "node",
      "node",
      "node",
    ]);
    for (const host of asked.flatMap((one) => Object.values(one.hosts))) expect(host).toMatch(/^10\.16\./);
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("leaves nothing behind", async () => {
    await engine.destroy();
    expect(awsObjects(engine.awsAccount)).toEqual([]);
  });
}
