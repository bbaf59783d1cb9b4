/** Arguments that the original refuses by itself. */
import { describe, expect, it } from "vitest";
import { unknown, type Values } from "../../shared/values";
import { account, trust } from "./account";

describe("arguments are refused before anything is called", () => {
  const cases: readonly (readonly [type: string, inputs: Values, fault: RegExp])[] = [
    ["ec2.Vpc", { cidrBlock: "10.0.0.1/16" }, /did you mean "10\.0\.0\.0\/16"/],
    ["ec2.Subnet", { cidrBlock: "10.0.0.0/24" }, /"vpcId" is required/],
    ["ec2.Subnet", { vpcId: "v", cidr: "10.0.0.0/24" }, /has no argument cidr here/],
    ["ec2.Instance", { instanceType: "t3.micro" }, /"ami"/],
    [
      "ec2.Instance",
      { ami: "a", instanceType: "t3.micro", userData: "a", userDataBase64: "YQ==" },
      /conflicts with userDataBase64/,
    ],
    [
      "ec2.Instance",
      { ami: "a", instanceType: "t3.micro", userDataBase64: "not base64" },
      /must be base64-encoded/,
    ],
    [
      "ec2.Instance",
      { ami: "a", instanceType: "t3.micro", metadataOptions: { httpPutResponseHopLimit: 65 } },
      /range \(1 - 64\)/,
    ],
    ["lb.LoadBalancer", { subnets: ["s"], name: "x".repeat(33) }, /longer than 32/],
    ["lb.LoadBalancer", { subnets: ["s"], name: "-x" }, /letters, digits and hyphens/],
    [
      "lb.LoadBalancer",
      { subnets: ["s"], subnetMappings: [{ subnetId: "s" }] },
      /only one of subnetMappings, subnets/,
    ],
    ["lb.TargetGroup", { port: 1, protocol: "TCP", vpcId: "v", name: "x".repeat(33) }, /longer than 32/],
    ["lb.TargetGroup", { protocol: "TCP", vpcId: "v" }, /"port" must be specified/],
    [
      "lb.TargetGroup",
      { port: 1, protocol: "TCP", vpcId: "v", healthCheck: { path: "readyz" } },
      /must begin with \//,
    ],
    ["iam.Role", { assumeRolePolicy: trust, name: "x".repeat(65) }, /longer than 64/],
    ["iam.Role", { assumeRolePolicy: "{" }, /invalid JSON/],
    ["ssm.Parameter", { name: "/a", type: "String" }, /one of value, insecureValue/],
    ["ssm.Parameter", { name: "/a", type: "Secret", value: "a" }, /expected type to be one of/],
    ["secretsmanager.Secret", { recoveryWindowInDays: 3 }, /0 or between 7 and 30/],
    ["vpc.SecurityGroupIngressRule", { securityGroupId: "s", ipProtocol: "-1" }, /one of cidrIpv4/],
    [
      "vpc.SecurityGroupIngressRule",
      { securityGroupId: "s", ipProtocol: "-1", cidrIpv4: "10.0.0.1/8" },
      /did you mean/,
    ],
    ["autoscaling.Group", { minSize: 1, maxSize: 1 }, /one of launchTemplate, mixedInstancesPolicy/],
    ["cloudwatch.LogGroup", { retentionInDays: 8 }, /expected retentionInDays to be one of 0, 1, 3/],
    ["s3.Bucket", { bucket: "Upper" }, /lowercase/],
    [
      "lb.TargetGroup",
      { port: 1, protocol: "TCP", vpcId: "v", healthCheck: { protocol: "TCP", path: "/readyz" } },
      /^healthCheck\.path: .* cannot be specified when healthCheck\.protocol is "TCP"/,
    ],
    [
      "lb.TargetGroup",
      { port: 1, protocol: "TCP", vpcId: "v", healthCheck: { protocol: "TCP", matcher: "200" } },
      /^healthCheck\.matcher: /,
    ],
    [
      "lb.TargetGroup",
      { port: 1, protocol: "HTTP", vpcId: "v", healthCheck: { protocol: "TCP" } },
      /^healthCheck\.protocol: .* cannot be "TCP" when protocol is "HTTP"/,
    ],
    [
      "ec2.NatGateway",
      { subnetId: "s", connectivityType: "private", secondaryAllocationIds: ["e"] },
      /^secondaryAllocationIds: /,
    ],
    [
      "autoscaling.LifecycleHook",
      {
        autoscalingGroupName: "g",
        lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
        heartbeatTimeout: 7201,
      },
      /^heartbeatTimeout: expected .* in the range \(30 - 7200\)/,
    ],
    [
      "ec2.LaunchTemplate",
      { blockDeviceMappings: [{ deviceName: "/dev/sda1", ebs: { throughput: 1001 } }] },
      /^blockDeviceMappings\.ebs\.throughput: /,
    ],
    ["ec2.LaunchTemplate", { name: "ab" }, /^name: "name" cannot be shorter than 3/],
    ["ec2.FlowLog", { vpcId: "v", maxAggregationInterval: 300 }, /to be one of 60, 600/],
  ];
  it.each(cases)("%s %j", (type, inputs, fault) => {
    const { faults } = account.check(type, inputs);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });

  it("what is not known yet is let through", () => {
    const { faults } = account.check("ec2.Subnet", {
      vpcId: unknown,
      cidrBlock: unknown,
      tags: { a: unknown },
    });
    expect(faults).toEqual([]);
  });
});
