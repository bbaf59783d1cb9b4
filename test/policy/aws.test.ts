import { describe, expect, it } from "vitest";
import { encryptedVolumes, metadataService, openIngress, publicObjects } from "../../policy";
import { fake, run, unknown } from "./support";

const INSTANCE = "aws:ec2/instance:Instance";
const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";
const RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const POLICY = "aws:s3/bucketPolicy:BucketPolicy";

const messages = async (...args: Parameters<typeof run>) =>
  (await run(...args)).violations.map((violation) => violation.message);

describe("metadata-service", () => {
  it("wants tokens, on instances and templates", async () => {
    for (const type of [INSTANCE, TEMPLATE]) {
      expect(await messages(metadataService, fake(type, {}))).toEqual([
        "one answers metadata calls without a token",
      ]);
      const good = { metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 } };
      expect(await messages(metadataService, fake(type, good))).toEqual([]);
    }
  });

  it("refuses tokens that go far, and lets a service be that is off", async () => {
    const far = { metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 64 } };
    expect(await messages(metadataService, fake(INSTANCE, far))).toEqual([
      "one lets metadata tokens go 64 hops",
    ]);
    const two = { metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 2 } };
    expect(await messages(metadataService, fake(INSTANCE, two))).toEqual([
      "one lets metadata tokens go 2 hops",
    ]);
    expect(await messages(metadataService, fake(INSTANCE, two), { hops: 2 })).toEqual([]);
    const off = { metadataOptions: { httpEndpoint: "disabled" } };
    expect(await messages(metadataService, fake(INSTANCE, off))).toEqual([]);
  });
});

describe("encrypted-volumes", () => {
  it.each([
    ["an instance that says nothing", INSTANCE, {}],
    ["a plain root disk", INSTANCE, { rootBlockDevice: { encrypted: false } }],
    ["a plain second disk", INSTANCE, { rootBlockDevice: { encrypted: true }, ebsBlockDevices: [{}] }],
    ["a template that leaves it to the image", TEMPLATE, {}],
    ["a plain disk of a template", TEMPLATE, { blockDeviceMappings: [{ ebs: { encrypted: "false" } }] }],
    ["a plain volume", "aws:ebs/volume:Volume", {}],
  ])("refuses %s", async (_, type, props) => {
    expect(await messages(encryptedVolumes, fake(type, props))).toHaveLength(1);
  });

  it("takes what is encrypted, as text and as a truth value", async () => {
    const root = { rootBlockDevice: { encrypted: true } };
    const mapped = { blockDeviceMappings: [{ ebs: { encrypted: "true" } }] };
    expect(await messages(encryptedVolumes, fake(INSTANCE, root))).toEqual([]);
    expect(await messages(encryptedVolumes, fake(TEMPLATE, mapped))).toEqual([]);
  });
});

describe("open-ingress", () => {
  const rule = (over: Record<string, unknown>) =>
    fake(RULE, { ipProtocol: "tcp", fromPort: 22, toPort: 22, ...over });

  it.each(["0.0.0.0/0", "0.0.0.0/1", "::/0"])("refuses %s", async (range) => {
    const key = range.includes(":") ? "cidrIpv6" : "cidrIpv4";
    expect(await messages(openIngress, rule({ [key]: range }))).toEqual([`one lets ${range} in`]);
  });

  it("takes ranges that were written, groups, what is allowed, and path MTU discovery", async () => {
    expect(await messages(openIngress, rule({ cidrIpv4: "203.0.113.0/24" }))).toEqual([]);
    expect(await messages(openIngress, rule({ referencedSecurityGroupId: unknown }))).toEqual([]);
    expect(await messages(openIngress, rule({ cidrIpv4: "0.0.0.0/0" }), { allow: ["0.0.0.0/0"] })).toEqual(
      [],
    );
    const icmp = { ipProtocol: "icmp", fromPort: 3, toPort: 4, cidrIpv4: "0.0.0.0/0" };
    expect(await messages(openIngress, rule(icmp))).toEqual([]);
    expect(await messages(openIngress, rule({ ...icmp, fromPort: -1, toPort: -1 }))).toHaveLength(1);
  });

  it("looks into groups that have their rules inside", async () => {
    const group = fake("aws:ec2/securityGroup:SecurityGroup", {
      ingress: [{ protocol: "tcp", fromPort: 80, toPort: 80, cidrBlocks: ["10.0.0.0/8", "0.0.0.0/0"] }],
    });
    expect(await messages(openIngress, group)).toEqual(["one lets 0.0.0.0/0 in"]);
  });
});

describe("public-objects", () => {
  const policy = (statement: Record<string, unknown>) =>
    fake(POLICY, {
      policy: JSON.stringify({ Statement: [{ Effect: "Allow", Principal: "*", ...statement }] }),
    });
  const bucket = "arn:aws:s3:::documents";

  it("takes the two documents of pod identity", async () => {
    const Resource = [`${bucket}/.well-known/openid-configuration`, `${bucket}/openid/v1/jwks`];
    expect(await messages(publicObjects, policy({ Action: "s3:GetObject", Resource }))).toEqual([]);
  });

  it.each([
    ["the whole bucket", { Action: "s3:GetObject", Resource: `${bucket}/*` }],
    ["more than reading", { Action: ["s3:*"], Resource: `${bucket}/openid/v1/jwks` }],
    [
      "everybody by another name",
      { Principal: { AWS: "*" }, Action: "s3:GetObject", Resource: `${bucket}/x` },
    ],
  ])("refuses %s", async (_, statement) => {
    expect(await messages(publicObjects, policy(statement))).toHaveLength(1);
  });

  it("leaves policies for named principals, and those not known yet", async () => {
    const named = {
      Principal: { AWS: "arn:aws:iam::123456789012:root" },
      Action: "s3:*",
      Resource: `${bucket}/*`,
    };
    expect(await messages(publicObjects, policy(named))).toEqual([]);
    expect(await messages(publicObjects, fake(POLICY, { policy: unknown }))).toEqual([]);
  });
});
