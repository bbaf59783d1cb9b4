/** What AWS refuses of endpoints, boundaries, paths, block devices and refreshes; and what a change of them means. */
import { describe, expect, it } from "vitest";
import { readAccount } from "../account";
import type { Values } from "../../shared/values";
import { account, network, refusals, role, scaling, template, trust, type Made } from "./account";

const ubuntu =
  "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id";
const amazon = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
const windows = "resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-Base";

function named(made: Made): Made {
  return account.update(made, { enableDnsHostnames: true });
}

function endpoint(service = "ec2", more: Values = {}): Made {
  const { vpc, a } = network();
  return endpointIn(named(vpc), a, service, more);
}

function endpointIn(vpc: Made, subnet: Made, service = "ec2", more: Values = {}): Made {
  return account.make("ec2.VpcEndpoint", {
    vpcId: vpc.id,
    vpcEndpointType: "Interface",
    serviceName: `com.amazonaws.eu-central-1.${service}`,
    subnetIds: [subnet.id],
    privateDnsEnabled: true,
    ...more,
  });
}

refusals("endpoints of services are refused", [
  ["of a service that has none", /InvalidServiceName/, () => endpoint("cloudwatch")],
  [
    "in a zone that has none",
    /InvalidParameter: .*\.ec2 does not support the availability zone of the subnet/,
    () => {
      account.control({ endpointZones: { ec2: "bc" } });
      endpoint();
    },
  ],
  [
    "a second time with the service's own names",
    /conflicting DNS domain for ec2\.eu-central-1\.amazonaws\.com in the VPC/,
    () => {
      const { vpc, a, b } = network();
      named(vpc);
      for (const subnet of [a, b]) endpointIn(vpc, subnet);
    },
  ],
  [
    "the service's own names in a VPC without names",
    /Enabling private DNS requires both/,
    () => {
      const { vpc, a } = network();
      endpointIn(vpc, a);
    },
  ],
  [
    "a group of another VPC",
    /InvalidParameter/,
    () => endpoint("ec2", { securityGroupIds: [otherGroup().id] }),
  ],
]);

function otherGroup(): Made {
  const vpc = account.make("ec2.Vpc", { cidrBlock: "10.1.0.0/16" });
  return account.make("ec2.SecurityGroup", { vpcId: vpc.id, name: "other" });
}

refusals("roles are refused", [
  [
    "a boundary that is not there",
    /NoSuchEntity: Scope ARN: .*does not exist or is not attachable/,
    () =>
      account.make("iam.Role", {
        assumeRolePolicy: trust,
        permissionsBoundary: "arn:aws:iam::123456789012:policy/none",
      }),
  ],
  [
    "a boundary that is not there, later",
    /NoSuchEntity/,
    () => account.update(role(), { permissionsBoundary: "arn:aws:iam::123456789012:policy/none" }),
  ],
  [
    "a path without its last slash",
    /ValidationError: .*path is invalid/,
    () => account.make("iam.Role", { assumeRolePolicy: trust, path: "/team" }),
  ],
  [
    "the path of services",
    /path is invalid/,
    () => account.make("iam.Role", { assumeRolePolicy: trust, path: "/aws-service-role/a/" }),
  ],
  [
    "a name that has another path",
    /EntityAlreadyExists/,
    () => {
      role("one");
      account.make("iam.Role", { name: "one", path: "/team/", assumeRolePolicy: trust });
    },
  ],
]);

describe("volumes of instances that a group starts", () => {
  const device = (deviceName: string, more: Values = {}) => ({
    deviceName,
    ebs: { volumeSize: 20, encrypted: "true", ...more },
  });
  const started = (imageId: string, ...devices: Values[]) => {
    scaling(network().a, template({ imageId, blockDeviceMappings: devices }));
    return Object.values(readAccount(account.file).objects["interface"]).map((one) => one["_volumes"]);
  };

  it("are those of the mappings, the root volume by the image's own device", () => {
    expect(started(ubuntu, device("/dev/sda1"), device("/dev/sdf"))).toEqual([
      { "/dev/sda1": { size: 20, encrypted: true }, "/dev/sdf": { size: 20, encrypted: true } },
    ]);
  });

  it("are one more where a mapping means another image's root device", () => {
    expect(started(amazon, device("/dev/sda1"))).toEqual([
      { "/dev/sda1": { size: 20, encrypted: true }, "/dev/xvda": { size: 8, encrypted: false } },
    ]);
  });

  it.each<[string, RegExp, string, Values[]]>([
    ["one device twice", /used in more than one/, ubuntu, [device("/dev/sdf"), device("/dev/sdf")]],
    ["a device with a number", /Invalid device name \/dev\/sdf1/, ubuntu, [device("/dev/sdf1")]],
    ["a name of Linux for Windows", /Invalid device name \/dev\/sdf/, windows, [device("/dev/sdf")]],
    [
      "a root volume below the image's",
      /smaller than snapshot/,
      ubuntu,
      [device("/dev/sda1", { volumeSize: 4 })],
    ],
  ])("are refused: %s", (_, text, image, devices) => {
    expect(() => started(image, ...devices)).toThrow(text);
  });

  it("may be as large as they like beside a root volume", () => {
    expect(() => started(ubuntu, device("/dev/sdf", { volumeSize: 4 }))).not.toThrow();
    expect(started(windows, device("xvdf"))).toHaveLength(2);
  });
});

describe("a change", () => {
  it("of a role's path is another role of the same name, of its boundary is none", () => {
    const { id } = account.make("iam.Policy", { name: "bound", policy: JSON.stringify(anything) });
    expect(account.change(role(), { path: "/team/" })).toBe("replace path, deleted first");
    expect(account.change(role("other"), { permissionsBoundary: id })).toBe("update permissionsBoundary");
  });

  it("of an endpoint's subnets is made in place, of its service is another endpoint", () => {
    const made = endpoint();
    expect(account.change(made, { subnetIds: ["subnet-1"] })).toBe("update subnetIds");
    expect(account.change(made, { serviceName: "com.amazonaws.eu-central-1.sts" })).toBe(
      "replace serviceName",
    );
  });

  it("of a refresh's shares is made in place, and begins none", () => {
    const shares = (least: number) => ({
      instanceRefresh: { strategy: "Rolling", preferences: { minHealthyPercentage: least } },
    });
    const made = scaling(network().a, template(), shares(100));
    expect(account.change(made, shares(50))).toBe("update instanceRefresh");
    account.update(made, shares(50));
    const [group] = Object.values(readAccount(account.file).objects["autoscaling.Group"]);
    expect(group["_refreshes"]).toBe(0);
    expect(
      account.check("autoscaling.Group", { minSize: 1, maxSize: 1, ...shares(101) }).faults.join(),
    ).toMatch(/range \(0 - 100\)/);
  });
});

const anything = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
};
