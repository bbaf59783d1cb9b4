/** Which change of an argument replaces, and which updates. */
import { describe, expect, it } from "vitest";
import { unknown, type Values } from "../../shared/values";
import {
  account,
  balancer,
  instance,
  network,
  role,
  scaling,
  targets,
  template,
  trust,
  type Made,
} from "./account";

function volume(deviceName: string, more: Values = {}): Values {
  return { deviceName, volumeSize: 20, volumeType: "gp3", ...more };
}

/** A network load balancer at fixed addresses, told by its state alone. */
function mapped(places: readonly (readonly [subnetId: string, privateIpv4Address: string])[]): Made {
  const inputs = {
    name: "thing",
    loadBalancerType: "network",
    internal: true,
    region: "eu-central-1",
    subnetMappings: places.map(([subnetId, privateIpv4Address]) => ({ subnetId, privateIpv4Address })),
  };
  return { type: "lb.LoadBalancer", id: "arn", inputs, outputs: inputs };
}

function launchHook(group: Made): Made {
  return account.make("autoscaling.LifecycleHook", {
    name: "launch",
    autoscalingGroupName: group.id,
    lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
    heartbeatTimeout: 300,
  });
}

// "deleted first": where somebody chose the name, the bridge makes way for the new one before it is made.
describe("a change means what the original says", () => {
  type Change = readonly [what: string, make: () => Made, changes: Values, meaning: string];
  const changes: readonly Change[] = [
    ["Vpc cidrBlock", () => network().vpc, { cidrBlock: "10.1.0.0/16" }, "replace cidrBlock"],
    [
      "Vpc enableDnsHostnames",
      () => network().vpc,
      { enableDnsHostnames: true },
      "update enableDnsHostnames",
    ],
    [
      "Subnet availabilityZone",
      () => network().a,
      { availabilityZone: "eu-central-1c" },
      "replace availabilityZone",
    ],
    ["Subnet cidrBlock", () => network().a, { cidrBlock: "10.0.8.0/24" }, "replace cidrBlock"],
    [
      "Subnet mapPublicIpOnLaunch",
      () => network().a,
      { mapPublicIpOnLaunch: true },
      "update mapPublicIpOnLaunch",
    ],
    ["Subnet tags", () => network().a, { tags: { a: "b" } }, "update tags,tagsAll"],
    ["InternetGateway vpcId", () => network().gateway, { vpcId: "vpc-1" }, "update vpcId"],
    [
      "SecurityGroup description",
      () => network().group,
      { description: "other" },
      "replace description, deleted first",
    ],
    ["SecurityGroup name", () => network().group, { name: "other" }, "replace name, deleted first"],
    ["Instance ami", () => instance(network().a), { ami: "ami-0123456789abcdef0" }, "replace ami"],
    ["Instance privateIp", () => instance(network().a), { privateIp: "10.0.0.99" }, "replace privateIp"],
    ["Instance keyName", () => instance(network().a), { keyName: "key" }, "replace keyName"],
    ["Instance subnetId", () => instance(network().a), { subnetId: "subnet-1" }, "replace subnetId"],
    [
      "Instance instanceType",
      () => instance(network().a),
      { instanceType: "t3.large" },
      "update instanceType",
    ],
    [
      "Instance instanceType of another architecture",
      () => instance(network().a),
      { instanceType: "t4g.large" },
      "replace instanceType",
    ],
    [
      "Instance tags of a further volume",
      () => instance(network().a, { ebsBlockDevices: [volume("/dev/sdf")] }),
      { ebsBlockDevices: [volume("/dev/sdf", { tags: { a: "b" } })] },
      "same",
    ],
    [
      "Instance size of a further volume",
      () => instance(network().a, { ebsBlockDevices: [volume("/dev/sdf")] }),
      { ebsBlockDevices: [volume("/dev/sdf", { volumeSize: 30 })] },
      "same",
    ],
    [
      "Instance a further volume at another device",
      () => instance(network().a, { ebsBlockDevices: [volume("/dev/sdf")] }),
      { ebsBlockDevices: [volume("/dev/sdg")] },
      "replace ebsBlockDevices",
    ],
    [
      "Instance a further volume of another snapshot",
      () => instance(network().a, { ebsBlockDevices: [volume("/dev/sdf", { snapshotId: "snap-1" })] }),
      { ebsBlockDevices: [volume("/dev/sdf", { snapshotId: "snap-2" })] },
      "replace ebsBlockDevices",
    ],
    [
      "Instance further volumes left out",
      () => instance(network().a, { ebsBlockDevices: [volume("/dev/sdf")] }),
      { ebsBlockDevices: null },
      "same",
    ],
    [
      "Instance a further volume more",
      () => instance(network().a, { ebsBlockDevices: [volume("/dev/sdf")] }),
      { ebsBlockDevices: [volume("/dev/sdf"), volume("/dev/sdg")] },
      "replace ebsBlockDevices",
    ],
    [
      "Instance user data left out",
      () => instance(network().a, { userDataBase64: "YQ==" }),
      { userDataBase64: null },
      "same",
    ],
    [
      "Instance user data in clear left out",
      () => instance(network().a, { userData: "a" }),
      { userData: null },
      "update userData",
    ],
    [
      "Instance credits left out",
      () => instance(network().a, { creditSpecification: { cpuCredits: "standard" } }),
      { creditSpecification: null },
      "same",
    ],
    [
      "Instance name in DNS",
      () => instance(network().a, { privateDnsNameOptions: { hostnameType: "ip-name" } }),
      { privateDnsNameOptions: { hostnameType: "resource-name" } },
      "update privateDnsNameOptions",
    ],
    [
      "Instance userDataBase64",
      () => instance(network().a),
      { userDataBase64: "YQ==" },
      "update userDataBase64",
    ],
    [
      "Instance user data that replaces",
      () => instance(network().a, { userDataReplaceOnChange: true }),
      { userDataBase64: "YQ==" },
      "replace userDataBase64",
    ],
    [
      "Instance protection",
      () => instance(network().a),
      { disableApiTermination: true },
      "update disableApiTermination",
    ],
    [
      "Instance metadata",
      () => instance(network().a),
      { metadataOptions: { httpTokens: "required" } },
      "update metadataOptions",
    ],
    [
      "Instance volume size",
      () => instance(network().a, { rootBlockDevice: { volumeSize: 20 } }),
      { rootBlockDevice: { volumeSize: 30 } },
      "update rootBlockDevice",
    ],
    [
      "Instance volume encryption",
      () => instance(network().a),
      { rootBlockDevice: { encrypted: true } },
      "replace rootBlockDevice",
    ],
    [
      "Instance groups",
      () => instance(network().a),
      { vpcSecurityGroupIds: ["sg-1"] },
      "update vpcSecurityGroupIds",
    ],
    ["LaunchTemplate instanceType", () => template(), { instanceType: "t3.large" }, "update instanceType"],
    ["LaunchTemplate name", () => template(), { name: "other" }, "replace name, deleted first"],
    [
      "Group sizes",
      () => scaling(network().a, template()),
      { minSize: 2, maxSize: 9 },
      "update maxSize,minSize",
    ],
    [
      "Group hooks",
      () => scaling(network().a, template()),
      { initialLifecycleHooks: [{ name: "h", lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING" }] },
      "replace initialLifecycleHooks",
    ],
    ["Group name", () => scaling(network().a, template()), { name: "other" }, "replace name, deleted first"],
    [
      "LifecycleHook another group",
      () => launchHook(scaling(network().a, template())),
      { autoscalingGroupName: "other" },
      "update autoscalingGroupName",
    ],
    [
      "LifecycleHook name",
      () => launchHook(scaling(network().a, template())),
      { name: "other" },
      "replace name, deleted first",
    ],
    [
      "RouteTableAssociation another table",
      () => {
        const { vpc, a } = network();
        const table = account.make("ec2.RouteTable", { vpcId: vpc.id });
        return account.make("ec2.RouteTableAssociation", { routeTableId: table.id, subnetId: a.id });
      },
      { routeTableId: "rtb-1" },
      "update routeTableId",
    ],
    ["LoadBalancer internal", () => balancer([network().a]), { internal: false }, "replace internal"],
    ["LoadBalancer name", () => balancer([network().a]), { name: "other" }, "replace name, deleted first"],
    [
      "LoadBalancer a subnet more",
      () => balancer([network().a]),
      { subnets: ["subnet-1", "subnet-2"] },
      "update subnets",
    ],
    [
      "LoadBalancer another subnet",
      () => balancer([network().a]),
      { subnets: ["subnet-1"] },
      "replace subnets",
    ],
    [
      "LoadBalancer another address in its subnet",
      () => mapped([["a", "10.0.0.9"]]),
      { subnetMappings: [{ subnetId: "a", privateIpv4Address: "10.0.0.10" }] },
      "update subnetMappings",
    ],
    [
      "LoadBalancer another address, and a subnet more",
      () => mapped([["a", "10.0.0.9"]]),
      {
        subnetMappings: [
          { subnetId: "a", privateIpv4Address: "10.0.0.10" },
          { subnetId: "b", privateIpv4Address: "10.0.1.9" },
        ],
      },
      "replace subnetMappings, deleted first",
    ],
    [
      "LoadBalancer a mapping less",
      () =>
        mapped([
          ["a", "10.0.0.9"],
          ["b", "10.0.1.9"],
        ]),
      { subnetMappings: [{ subnetId: "a", privateIpv4Address: "10.0.0.9" }] },
      "replace subnetMappings, deleted first",
    ],
    [
      "LoadBalancer its first group",
      () => balancer([network().a]),
      { securityGroups: ["sg-1"] },
      "replace securityGroups",
    ],
    [
      "LoadBalancer cross-zone",
      () => balancer([network().a]),
      { enableCrossZoneLoadBalancing: true },
      "update enableCrossZoneLoadBalancing",
    ],
    ["TargetGroup port", () => targets(network().vpc), { port: 80 }, "replace port"],
    ["TargetGroup protocol", () => targets(network().vpc), { protocol: "TLS" }, "replace protocol"],
    ["TargetGroup targetType", () => targets(network().vpc), { targetType: "ip" }, "replace targetType"],
    [
      "TargetGroup preserveClientIp",
      () => targets(network().vpc),
      { preserveClientIp: "false" },
      "update preserveClientIp",
    ],
    [
      "TargetGroup health check",
      () => targets(network().vpc),
      { healthCheck: { path: "/healthz" } },
      "update healthCheck",
    ],
    [
      "Role trust",
      () => role(),
      { assumeRolePolicy: trust.replace("ec2", "lambda") },
      "update assumeRolePolicy",
    ],
    [
      "Role trust, written otherwise",
      () => role(),
      {
        assumeRolePolicy: JSON.stringify(JSON.parse(trust), null, 2).replace(
          '"sts:AssumeRole"',
          '["sts:AssumeRole"]',
        ),
      },
      "same",
    ],
    ["Role name", () => role(), { name: "other" }, "replace name, deleted first"],
    [
      "Parameter value",
      () => account.make("ssm.Parameter", { name: "/a", type: "SecureString", value: "a" }),
      { value: "b" },
      "update value",
    ],
    [
      "Parameter name",
      () => account.make("ssm.Parameter", { name: "/a", type: "SecureString", value: "a" }),
      { name: "/b" },
      "replace name, deleted first",
    ],
    [
      "Parameter from advanced to standard",
      () => account.make("ssm.Parameter", { name: "/a", type: "String", value: "a", tier: "Advanced" }),
      { tier: "Standard" },
      "replace tier, deleted first",
    ],
    [
      "SecretVersion secretString",
      () =>
        account.make("secretsmanager.SecretVersion", {
          secretId: account.make("secretsmanager.Secret", {}).id,
          secretString: "a",
        }),
      { secretString: "b" },
      "replace secretString",
    ],
    [
      "LogGroup retention",
      () => account.make("cloudwatch.LogGroup", {}),
      { retentionInDays: 7 },
      "update retentionInDays",
    ],
    [
      "rule port",
      () =>
        account.make("vpc.SecurityGroupIngressRule", {
          securityGroupId: network().group.id,
          cidrIpv4: "10.0.0.0/8",
          ipProtocol: "tcp",
          fromPort: 1,
          toPort: 1,
        }),
      { toPort: 2 },
      "update toPort",
    ],
    [
      "rule source, another kind",
      () =>
        account.make("vpc.SecurityGroupIngressRule", {
          securityGroupId: network().group.id,
          cidrIpv4: "10.0.0.0/8",
          ipProtocol: "-1",
        }),
      { cidrIpv4: null, referencedSecurityGroupId: "sg-1" },
      "replace cidrIpv4,referencedSecurityGroupId",
    ],
    [
      "what is not known replaces as well",
      () => instance(network().a),
      { subnetId: unknown },
      "replace subnetId",
    ],
    ["nothing", () => instance(network().a, { metadataOptions: { httpTokens: "required" } }), {}, "same"],
    ["region", () => network().vpc, { region: "eu-west-1" }, "replace region"],
  ];
  it.each(changes)("%s", (_, make, change, meaning) => {
    expect(account.change(make(), change)).toBe(meaning);
  });
});

it.each([
  [
    "ssm.Parameter",
    { name: "/a", type: "SecureString", value: "a" },
    { value: "b" },
    ["insecureValue", "version"],
  ],
  ["ssm.Parameter", { name: "/a", type: "SecureString", value: "a" }, { description: "b" }, []],
  ["s3.BucketObjectv2", { key: "k", content: "a" }, { contentType: "a/b" }, ["versionId"]],
  ["s3.BucketObjectv2", { key: "k", content: "a" }, { tags: { a: "b" } }, []],
])("%s %j: a plan of %j does not know %j", (type, inputs, changes, unknowns) => {
  const bucket: Values = type.startsWith("s3.") ? { bucket: account.make("s3.Bucket", {}).id } : {};
  const made = account.make(type, { ...bucket, ...inputs });
  const planned = Object.entries(account.plan(made, changes));
  expect(
    planned
      .filter(([, value]) => value === unknown)
      .map(([name]) => name)
      .sort(),
  ).toEqual(unknowns);
});

it("a further volume stays what it is when something else of its instance changes", () => {
  const made = instance(network().a, { ebsBlockDevices: [volume("/dev/sdf")] });
  const before = made.outputs["ebsBlockDevices"];
  expect(before).toMatchObject([
    { deviceName: "/dev/sdf", volumeId: expect.stringMatching(/^vol-/) as string },
  ]);
  const changes = { instanceType: "t3.large", ebsBlockDevices: [volume("/dev/sdf", { volumeSize: 30 })] };
  expect(account.update(made, changes).outputs["ebsBlockDevices"]).toEqual(before);
});

it("a change that is ignored is none: a refresh leaves that to the provider", () => {
  const parameter = account.make("ssm.Parameter", { name: "/a", type: "String", value: "one" });
  const changes = { value: "two", description: "another" };
  expect(account.change(parameter, changes)).toBe("update description,value");
  expect(account.change(parameter, changes, ["value"])).toBe("update description");
});

it("a hook that went with its group is there again once anything of it changes, and not before", () => {
  const group = scaling(network().a, template());
  const hook = launchHook(group);
  account.remove(group);
  const again = scaling(network().a, template(), { name: group.id });
  expect([again.id, account.read(hook).id]).toEqual([group.id, ""]);
  // The new group has the old one's name: to the original nothing changed.
  expect(account.change(hook, { autoscalingGroupName: again.id })).toBe("same");
  const put = account.update(hook, { notificationMetadata: "another" });
  expect(account.read(put).id).toBe(hook.id);
});
