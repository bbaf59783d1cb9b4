/** What pulumi-aws lays over the original (original/laidOver.ts), as the stand-in does it. */
import { describe, expect, it } from "vitest";
import { kindOf } from "../kinds";
import { account, network, role, scaling, template, trust } from "./account";

describe("names that nobody gives", () => {
  const keys = { bucket: "b", content: "a" };
  const long = "x".repeat(260);

  it.each([
    ["ec2.SecurityGroup", {}, "name", /^thing-[0-9a-f]{7}$/],
    ["ec2.KeyPair", {}, "keyName", /^thing-[0-9a-f]{7}$/],
    ["lb.TargetGroup", {}, "name", /^thing-[0-9a-f]{7}$/],
    ["s3.Bucket", {}, "bucket", /^thing-[0-9a-f]{7}$/],
    ["kms.Alias", {}, "name", /^alias\/thing-[0-9a-f]{7}$/],
    ["s3.BucketObjectv2", keys, "key", /^thing$/],
    ["s3.BucketObject", keys, "key", /^thing$/],
  ])("%s %j: %s", (type, news, argument, form) => {
    expect(account.check(type, news).inputs[argument]).toMatch(form);
  });

  it("are none of a record, which is called by its name", () => {
    const { inputs, faults } = account.check("route53.Record", {
      zoneId: "z",
      type: "A",
      records: ["a"],
      ttl: 1,
    });
    expect(inputs["name"]).toBeUndefined();
    expect(faults).toEqual([expect.stringMatching(/"name" is required/)]);
  });

  it.each([
    ["iam.Role", { assumeRolePolicy: trust }, 64],
    ["s3.Bucket", {}, 63],
    ["lb.TargetGroup", {}, 32],
    ["ssm.Parameter", { type: "String", value: "a" }, 255],
  ])("%s %j: as long as %i, and longer is refused, not cut", (type, news, longest) => {
    const named = (name: string) =>
      account.provider.check({ urn: "urn", type: `aws:${typeToken(type)}`, name, olds: {}, news });
    const { inputs } = named(long.slice(0, longest - 8));
    expect(inputs[kindOf(`aws:${typeToken(type)}`).kind.naming?.argument ?? ""]).toHaveLength(longest);
    expect(() => named(long.slice(0, longest - 7))).toThrow(
      `plus 7 random chars is longer than maximum length ${longest}`,
    );
  });

  it("of a load balancer may be longer than the original takes", () => {
    const { failures = [] } = account.provider.check({
      urn: "urn",
      type: "aws:lb/loadBalancer:LoadBalancer",
      name: long.slice(0, 25),
      olds: {},
      news: { subnets: ["s"] },
    });
    expect(failures.map(({ reason }) => reason)).toEqual([expect.stringMatching(/longer than 32/)]);
  });

  function typeToken(type: string): string {
    const [module = "", name = ""] = type.split(".");
    return `${module}/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;
  }
});

describe("what is deleted before its replacement is made", () => {
  it("an attachment of a policy, always", () => {
    const policy = (name: string) =>
      account.make("iam.Policy", {
        name,
        policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
        }),
      });
    const attached = account.make("iam.RolePolicyAttachment", {
      role: role().id,
      policyArn: policy("one").outputs["arn"] ?? "",
    });
    expect(account.change(attached, { policyArn: policy("two").outputs["arn"] ?? "" })).toBe(
      "replace policyArn, deleted first",
    );
  });

  it("not an object of a bucket, although its key is chosen", () => {
    const bucket = account.make("s3.Bucket", {});
    const made = account.make("s3.BucketObjectv2", { bucket: bucket.id, key: "a", content: "a" });
    expect(account.change(made, { key: "b" })).toBe("replace key");
  });
});

describe("the provider's region", () => {
  it("is filled in, and another one replaces what has a region", () => {
    const { vpc, a } = network();
    const group = scaling(a, template());
    const made = [vpc, group, role()];
    expect(made.map(({ inputs }) => inputs["region"])).toEqual(["eu-central-1", "eu-central-1", undefined]);
    account.provider.configure({ region: "eu-west-1" });
    const asked = made.map((one) => {
      const { region: _, ...inputs } = one.inputs;
      return account.change({ ...one, inputs }, {});
    });
    expect(asked).toEqual(["replace region", "replace region", "same"]);
  });

  it("is no argument of a type that is the same everywhere", () => {
    const { faults } = account.check("iam.Role", { assumeRolePolicy: trust, region: "eu-west-1" });
    expect(faults).toEqual([expect.stringMatching(/^region: .* has no argument region here/)]);
  });
});
