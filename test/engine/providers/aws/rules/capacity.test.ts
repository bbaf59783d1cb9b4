/** What an account gives: zones, capacity, vCPUs, time; and what the provider waits for. */
import { describe, expect, it } from "vitest";
import { withAccount } from "../account";
import { account, allow, instance, network, refusals, scaling, template } from "./account";

const two = { minSize: 2, maxSize: 6 } as const;
const noWait = { waitForCapacityTimeout: "0" } as const;

refusals("an account gives no instance", [
  [
    "beyond its vCPUs",
    /VcpuLimitExceeded: .*current vCPU limit of 5/,
    () => {
      account.control({ quotas: { standardVcpus: 5 } });
      const { a } = network();
      instance(a, { instanceType: "t3.large" });
      instance(a, { instanceType: "m5.large" });
      instance(a, { instanceType: "t3.large" });
    },
  ],
  [
    "in a zone that has no capacity",
    /InsufficientInstanceCapacity: .*eu-central-1a/,
    () => {
      account.control({ withoutCapacity: ["eu-central-1a"] });
      instance(network().a);
    },
  ],
  [
    "of a type that the zone does not offer",
    /Unsupported: .*t3\.micro/,
    () => {
      account.control({ notOffered: { "eu-central-1a": ["t3.micro"] } });
      instance(network().a);
    },
  ],
  [
    "in a zone that the account does not have",
    /InvalidParameterValue/,
    () => {
      account.control({ zoneLetters: "bc" });
      network();
    },
  ],
]);

describe("the provider's wait for a group", () => {
  it("ends at the first instance that could not be started, unless it does not wait", () => {
    account.control({ quotas: { standardVcpus: 2 } });
    const { a } = network();
    const of = template();
    expect(() => scaling(a, of, two)).toThrow(
      /capacity satisfied: scaling activity: Failed: .*vCPU limit of 2/,
    );
    expect(scaling(a, of, { ...two, ...noWait }).outputs).toMatchObject({ desiredCapacity: 2 });
  });

  it("wants exactly as many as the state says, which a group that scaled by itself does not have", () => {
    const { a } = network();
    const scaled = (more: object): (() => unknown) => {
      const group = scaling(a, template(), { ...two, minSize: 1, desiredCapacity: 1, ...more });
      // Somebody scales it, and its instances come.
      withAccount(account.file, (data) => {
        const state = data.objects["autoscaling.Group"][group.id];
        state["desiredCapacity"] = 5;
      });
      account.update(group, { maxSize: 7 });
      return () => account.update(group, { minSize: 2, desiredCapacity: 2, maxSize: 7 });
    };
    expect(scaled({})).not.toThrow();
    expect(scaled(noWait)).not.toThrow();
  });

  it("is asked at deletes too, and has ten minutes unless the program gives it more", () => {
    account.control({ drainSeconds: 900 });
    const { a } = network();
    const group = scaling(a, template(), two);
    expect(() => account.remove(group)).toThrow(/drain: 2 instance\(s\) remaining/);
    const forced = scaling(a, template(), { ...two, forceDelete: true });
    expect(() => account.remove(forced)).not.toThrow();
  });
});

describe("a rolling refresh", () => {
  it("takes no percentages that are more than 100 apart", () => {
    const { a } = network();
    const refresh = (least: number, most: number) => ({
      instanceRefresh: {
        strategy: "Rolling",
        preferences: { minHealthyPercentage: least, maxHealthyPercentage: most },
      },
    });
    expect(() => scaling(a, template(), refresh(50, 160))).toThrow(/ValidationError/);
    expect(() => scaling(a, template(), refresh(100, 110))).not.toThrow();
  });
});

describe("S3", () => {
  it("believes a changed access block after a while", () => {
    account.control({ s3Settles: 3 });
    const bucket = account.make("s3.Bucket", { bucket: "documents" });
    account.make("s3.BucketPublicAccessBlock", { bucket: bucket.id, blockPublicPolicy: false });
    const policy = allow({ Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::documents/one" });
    const put = (): unknown => account.make("s3.BucketPolicy", { bucket: bucket.id, policy });
    expect(put).toThrow(/AccessDenied/);
    network();
    expect(put).not.toThrow();
  });
});

describe("what the account has", () => {
  it("is told by zones, and by types in zones", () => {
    account.control({ zoneLetters: "bc", notOffered: { "eu-central-1c": ["t3.micro"] } });
    const zones = account.provider.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {});
    expect(zones["names"]).toEqual(["eu-central-1b", "eu-central-1c"]);
    const offered = account.provider.invoke("aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings", {
      locationType: "availability-zone",
      filters: [{ name: "instance-type", values: ["t3.micro", "t3.large", "no.such"] }],
    });
    expect(offered["instanceTypes"]).toEqual(["t3.micro", "t3.large", "t3.large"]);
    expect(offered["locations"]).toEqual(["eu-central-1b", "eu-central-1b", "eu-central-1c"]);
  });
});
