/**
 * What the library relies on of the provider `aws`, through the real engine and with the plain types of @pulumi/aws: a network,
 * a balancer, an instance and a group that hang together. One stack walks through the steps, so the order of the tests matters.
 * It runs against the stand-in alone: the official plugin would need an account, and would make what costs money.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithEngine } from "../available";
import { awsObject, awsObjects, changeAws, controlAws } from "../awsAccount";
import { createEngineStack, isStandIn, providersInUse, type EngineStack } from "../harness";
import { textOf } from "../providers/shared/values";
import { EngineError, type EngineResult } from "../result";
import { findLeaks } from "../secrets";
import { declareAll, image, password, settings } from "./aws/program";

async function failing(run: Promise<EngineResult>): Promise<EngineError> {
  return run.then(
    () => expect.fail("the operation was to fail"),
    (error: unknown) => {
      if (error instanceof EngineError) return error;
      throw error;
    },
  );
}

if (isStandIn("aws")) describeWithEngine("provider aws", contract);
else it.skip("provider aws: the official plugin would need an account", () => undefined);

function contract(): void {
  let engine: EngineStack;

  beforeAll(async () => {
    console.log(providersInUse().join("\n"));
    engine = await createEngineStack({
      projectName: "aws-contract",
      stackName: "test",
      program: () => {
        declareAll();
        return Promise.resolve();
      },
      config: { "aws:region": "eu-central-1", "aws:defaultTags": { tags: { owner: "tests" } } },
    });
  });

  afterAll(() => engine?.close());

  const sorted = (result: EngineResult): string[] => [...result.changed].sort();

  interface Stored {
    readonly id: string;
    readonly outputs: Readonly<Record<string, unknown>>;
  }

  async function stored(type: string, name: string): Promise<Stored> {
    const { resources = [] } = (await engine.exportState()).deployment as {
      resources?: (Stored & { urn: string; type: string })[];
    };
    const found = resources.find(
      ({ urn, type: its }) => its.endsWith(`:${type}`) && urn.endsWith(`::${name}`),
    );
    return found ?? expect.fail(`${type} ${name} is not in the state`);
  }

  it("previews everything as new, and what only AWS knows as unknown", async () => {
    const preview = await engine.preview();
    expect(new Set(preview.steps.map(({ op }) => op))).toEqual(new Set(["create"]));
    expect(awsObjects(engine.awsAccount)).toEqual([]);
  });

  it("makes it, with addresses that fit and without the secret in plain text", async () => {
    await engine.up();
    const controlPlaneNode = await stored("Instance", "cp");
    expect(controlPlaneNode.outputs).toMatchObject({
      privateIp: "10.0.0.10",
      privateDns: "ip-10-0-0-10.eu-central-1.compute.internal",
      availabilityZone: "eu-central-1a",
      tagsAll: { owner: "tests", purpose: "contract" },
      sourceDestCheck: true,
    });
    expect((await stored("LoadBalancer", "api")).outputs).toMatchObject({
      dnsName: expect.stringMatching(/^api-.*\.elb\.eu-central-1\.amazonaws\.com$/) as unknown,
    });
    const pool = awsObjects(engine.awsAccount)
      .filter((entry) => entry.startsWith("interface "))
      .map((entry) => awsObject(engine.awsAccount, "interface", entry.split(" ")[1]))
      .filter((entry) => textOf(entry?.["owner"]).startsWith("autoscaling group"));
    const places = pool.map((entry) => textOf(entry?.["address"]).split(".").map(Number));
    expect(places.map(([, , third]) => third)).toEqual([0, 1]);
    // The first sixteen addresses of a subnet are reserved: nothing is put there that did not ask for it.
    expect(places.every(([, , , last]) => last >= 16)).toBe(true);
    expect(findLeaks({ password }, engine.written())).toEqual([]);
  });

  it("has nothing to do the second time, nor at refresh", async () => {
    expect((await engine.preview()).changed).toEqual([]);
    expect(sorted(await engine.refresh())).toEqual([]);
  });

  it("updates in place for tags, sizes and ranges", async () => {
    settings.tags = { purpose: "another" };
    settings.access = "198.51.100.0/24";
    settings.poolSize = 3;
    expect(sorted(await engine.preview())).toEqual([
      "update api (tags.purpose, tagsAll.purpose)",
      "update cp (tags.purpose, tagsAll.purpose)",
      "update net (tags.purpose, tagsAll.purpose)",
      "update people (cidrIpv4)",
      "update pool (maxSize, minSize)",
    ]);
    await engine.up();
  });

  it("keeps the control-plane node for another type and other user data, and refreshes the pool for another template", async () => {
    const before = await stored("Instance", "cp");
    settings.instanceType = "t3.large";
    settings.userData = "#!/bin/sh\necho two\n";
    settings.poolType = "t3.xlarge";
    expect(sorted(await engine.preview())).toEqual([
      "update cp (instanceType, userDataBase64)",
      "update pool (instanceType)",
      "update pool (launchTemplate.version)",
    ]);
    await engine.up();
    const after = await stored("Instance", "cp");
    expect(after.id).toBe(before.id);
    expect(after.outputs).toMatchObject({ privateIp: "10.0.0.10", instanceType: "t3.large" });
    const group = await stored("Group", "pool");
    expect(group.outputs["launchTemplate"]).toMatchObject({ version: "2" });
    expect(awsObject(engine.awsAccount, "autoscaling.Group", group.id)).toMatchObject({ _refreshes: 1 });
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("replaces a control-plane node for another image, if it is not ignored, and a balancer for its first group", async () => {
    controlAws(engine.awsAccount, { parameters: { [image]: "ami-0123456789abcdef0" } });
    expect((await engine.preview()).changed).toEqual([]);
    settings.watchImage = true;
    settings.balancerGroups = false;
    const { steps } = await engine.preview();
    settings.watchImage = false;
    settings.balancerGroups = true;
    const replaced = steps
      .filter(({ op }) => op === "replace")
      .map(({ type, name, keys }) => `${type.split(":")[2]} ${name} (${keys.join()})`);
    expect(replaced.sort()).toEqual([
      "Instance cp (ami)",
      "Listener api (loadBalancerArn)",
      "LoadBalancer api (securityGroups)",
      // Goes before the instance does, since that is deleted before its replacement is there: by no property of its own.
      "TargetGroupAttachment cp ()",
    ]);
  });

  it("sees at refresh what somebody changed or took away, and puts it right", async () => {
    const rule = await stored("SecurityGroupIngressRule", "people");
    changeAws(engine.awsAccount, "vpc.SecurityGroupIngressRule", rule.id, { cidrIpv4: "0.0.0.0/0" });
    const attachment = await stored("TargetGroupAttachment", "cp");
    changeAws(engine.awsAccount, "lb.TargetGroupAttachment", attachment.id, "remove");
    expect(sorted(await engine.refresh())).toEqual(["delete cp", "update people (cidrIpv4)"]);
    expect(sorted(await engine.preview())).toEqual(["create cp", "update people (cidrIpv4)"]);
    await engine.up();
  });

  it("refuses in the engine's own words, and leaves the rest as it was", async () => {
    const before = awsObjects(engine.awsAccount).length;
    settings.instanceType = "t3.huge";
    const { result } = await failing(engine.up());
    settings.instanceType = "t3.large";
    expect(result.log).toMatch(/api error InvalidParameterValue: Invalid value 't3.huge' for InstanceType/);
    expect(awsObjects(engine.awsAccount)).toHaveLength(before);
    expect((await engine.preview()).changed).toEqual([]);
  });

  it("leaves nothing after destroy", async () => {
    await engine.destroy();
    expect(awsObjects(engine.awsAccount)).toEqual([]);
  });
}
