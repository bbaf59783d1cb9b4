import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instanceMonth, monthlyCost, roundCost } from "../../../model/aws/cost";
import { balancerName, roleName, shortName } from "../../../model/aws/names";
import { awsSettings, largeAws, smallAws } from "../../support/awsInput";

describe("instances", () => {
  // AWS EC2 on-demand pricing, us-east-1, Linux, hour.
  it.each([
    ["t3.medium", 0.0416],
    ["t3.large", 0.0832],
    ["t4g.small", 0.0168],
    ["m5.xlarge", 0.192],
    ["c5.2xlarge", 0.34],
    ["r5.large", 0.126],
    ["m6g.large", 0.077],
  ])("cost about what AWS asks for %s", (type, hour) => {
    const month = instanceMonth(type) ?? expect.fail(`${type} has no price`);
    expect(month / (hour * 730)).toBeGreaterThan(0.85);
    expect(month / (hour * 730)).toBeLessThan(1.15);
  });

  it("have no price where none is known", () => {
    expect(instanceMonth("p5.48xlarge")).toBeUndefined();
    expect(instanceMonth("m7i.metal-24xl")).toBeUndefined();
  });
});

describe("a month", () => {
  it("of a small cluster is its instances, disks, addresses and secrets", () => {
    const cost = monthlyCost(awsSettings(smallAws));
    expect(cost.items.map((item) => item.name)).toEqual([
      "control-plane nodes, t3.medium",
      expect.stringMatching(/^control-plane nodes' volumes, \d+ GiB$/),
      "pool general, t3.large",
      expect.stringMatching(/^pool general's volumes, \d+ GiB$/),
      "public IPv4 addresses",
      "secrets",
    ]);
    expect(cost.from).toBe(cost.to);
    expect(cost.from).toBeGreaterThan(150);
    expect(cost.from).toBeLessThan(200);
  });

  it("has a volume for each etcd, at the price of its size and speed", () => {
    const etcd = (change: object) =>
      monthlyCost(
        awsSettings(largeAws, (raw) => Object.assign(raw["controlPlane"] as object, change)),
      ).items.find((item) => item.name.startsWith("etcd's volumes"));
    expect(etcd({})).toBeUndefined();
    // 20 GiB at 0.08, and 3000 operations above those that are free at 0.005.
    expect(etcd({ etcdVolume: { iops: 6000 } })).toEqual({
      name: "etcd's volumes, 20 GiB",
      count: 3,
      most: 3,
      each: 16.6,
    });
  });

  it("counts gateways, balancers and the bastion, and what a pool may grow to", () => {
    const cost = monthlyCost(awsSettings(largeAws));
    const count = (name: string) => cost.items.find((item) => item.name.startsWith(name))?.count;
    expect(count("NAT gateways")).toBe(3);
    expect(count("network load balancers")).toBe(2);
    expect(count("bastion")).toBe(1);
    expect(count("secrets")).toBe(2);
    // The first node is on demand, and those above it are spot instances.
    const burst = cost.items.filter((item) => item.name.startsWith("pool burst,"));
    expect(burst.map(({ count, most }) => [count, most])).toEqual([
      [1, 1],
      [0, 5],
    ]);
    const [demand, spot] = burst.map((item) => item.each ?? expect.fail(item.name));
    expect(demand).toBeCloseTo(instanceMonth("m7i.large") ?? 0, 1);
    expect(spot).toBeLessThan((demand ?? 0) / 2);
    expect(cost.to).toBeGreaterThan(cost.from);
    for (const one of [cost.from, cost.to]) expect(String(one)).toMatch(/^\d+(\.\d{1,2})?$/);
  });

  it("names what it has no price for, instead of leaving it out in silence", () => {
    const settings = awsSettings(smallAws, (raw) => {
      raw.workers = { gpu: { count: 1, instanceType: "g5.xlarge" } };
    });
    expect(monthlyCost(settings).unknown).toEqual(["pool gpu, g5.xlarge"]);
  });

  it("is told to two digits", () => {
    expect([4.4, 17.2, 184.3, 1289].map(roundCost)).toEqual([4, 17, 180, 1300]);
  });
});

describe("names", () => {
  const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);

  it("stay within a service's limit, end in no hyphen, and two long ones stay two", () => {
    fc.assert(
      fc.property(label, label, (cluster, other) => {
        const name = balancerName(cluster, "api-public");
        expect(name.length).toBeLessThanOrEqual(32);
        expect(name).toMatch(/^[a-z].*[a-z0-9]$/);
        expect(roleName(cluster, "ap-southeast-1", `pool-${other}`).length).toBeLessThanOrEqual(64);
        if (cluster !== other) expect(balancerName(other, "api-public")).not.toBe(name);
      }),
    );
  });

  it("are left as they are when they fit", () => {
    expect(shortName(32, "dev", "api")).toBe("dev-api");
    // Elastic Load Balancing refuses what begins with "internal-".
    expect(balancerName("internal", "api")).toBe("kubeadm-internal-api");
    expect(balancerName("internal-dev", "api")).toBe("kubeadm-internal-dev-api");
    expect(balancerName("internals", "api")).toBe("internals-api");
  });
});
