/** What EC2 refuses of networks and security groups, and which addresses it gives. */
import { describe, expect, it } from "vitest";
import { textOf } from "../../shared/values";
import { readAccount } from "../account";
import { account, network, refusals, role, scaling, template, type Made } from "./account";

refusals("the network refuses", [
  ["a VPC larger than /16", /InvalidVpc\.Range/, () => account.make("ec2.Vpc", { cidrBlock: "10.0.0.0/8" })],
  [
    "a subnet outside its VPC",
    /InvalidSubnet\.Range/,
    () => account.make("ec2.Subnet", { vpcId: network().vpc.id, cidrBlock: "10.1.0.0/24" }),
  ],
  [
    "a subnet under /28",
    /InvalidSubnet\.Range/,
    () => account.make("ec2.Subnet", { vpcId: network().vpc.id, cidrBlock: "10.0.9.0/29" }),
  ],
  [
    "overlapping subnets",
    /InvalidSubnet\.Conflict/,
    () => account.make("ec2.Subnet", { vpcId: network().vpc.id, cidrBlock: "10.0.1.128/25" }),
  ],
  [
    "a subnet of no VPC",
    /InvalidVpcID\.NotFound/,
    () => account.make("ec2.Subnet", { vpcId: "vpc-0", cidrBlock: "10.0.0.0/24" }),
  ],
  [
    "a zone elsewhere",
    /Value \(us-east-1a\) for parameter availabilityZone is invalid/,
    () =>
      account.make("ec2.Subnet", {
        vpcId: network().vpc.id,
        cidrBlock: "10.0.9.0/24",
        availabilityZone: "us-east-1a",
      }),
  ],
  [
    "a reservation outside its subnet",
    /is not within subnet/,
    () =>
      account.make("ec2.SubnetCidrReservation", {
        subnetId: network().a.id,
        cidrBlock: "10.0.1.0/28",
        reservationType: "explicit",
      }),
  ],
  [
    "a second gateway",
    /already has an internet gateway/,
    () => account.make("ec2.InternetGateway", { vpcId: network().vpc.id }),
  ],
  [
    "a route twice",
    /RouteAlreadyExists/,
    () => {
      const { vpc, gateway } = network();
      const table = account.make("ec2.RouteTable", { vpcId: vpc.id });
      for (let i = 0; i < 2; i++)
        account.make("ec2.Route", {
          routeTableId: table.id,
          destinationCidrBlock: "0.0.0.0/0",
          gatewayId: gateway.id,
        });
    },
  ],
  [
    "a route to nowhere",
    /InvalidGatewayID\.NotFound/,
    () =>
      account.make("ec2.Route", {
        routeTableId: account.make("ec2.RouteTable", { vpcId: network().vpc.id }).id,
        destinationCidrBlock: "0.0.0.0/0",
        gatewayId: "igw-0",
      }),
  ],
  [
    "two tables for a subnet",
    /Resource\.AlreadyAssociated/,
    () => {
      const { vpc, a } = network();
      const table = account.make("ec2.RouteTable", { vpcId: vpc.id });
      for (let i = 0; i < 2; i++)
        account.make("ec2.RouteTableAssociation", { routeTableId: table.id, subnetId: a.id });
    },
  ],
  [
    "more than five elastic addresses",
    /AddressLimitExceeded/,
    () => {
      for (let i = 0; i < 6; i++) account.make("ec2.Eip", { domain: "vpc" });
    },
  ],
  [
    "a NAT gateway without a way out",
    /Gateway\.NotAttached/,
    () => {
      const vpc = account.make("ec2.Vpc", { cidrBlock: "10.9.0.0/16" });
      const subnet = account.make("ec2.Subnet", { vpcId: vpc.id, cidrBlock: "10.9.0.0/24" });
      account.make("ec2.NatGateway", {
        subnetId: subnet.id,
        allocationId: account.make("ec2.Eip", { domain: "vpc" }).id,
      });
    },
  ],
  [
    "one address for two NAT gateways",
    /Resource\.AlreadyAssociated/,
    () => {
      const { a } = network();
      const allocationId = account.make("ec2.Eip", { domain: "vpc" }).id;
      for (let i = 0; i < 2; i++) account.make("ec2.NatGateway", { subnetId: a.id, allocationId });
    },
  ],
  [
    "release of a NAT gateway's address",
    /InvalidIPAddress\.InUse/,
    () => {
      const { a } = network();
      const eip = account.make("ec2.Eip", { domain: "vpc" });
      account.make("ec2.NatGateway", { subnetId: a.id, allocationId: eip.id });
      account.remove(eip);
    },
  ],
  [
    "an endpoint of no service",
    /InvalidServiceName/,
    () =>
      account.make("ec2.VpcEndpoint", { vpcId: network().vpc.id, serviceName: "com.amazonaws.eu-west-1.s3" }),
  ],
  [
    "a flow log to no log group",
    /LogDestination: .* does not exist/,
    () =>
      account.make("ec2.FlowLog", {
        vpcId: network().vpc.id,
        trafficType: "ALL",
        logDestination: "arn:aws:logs:x",
        iamRoleArn: role().outputs["arn"],
      }),
  ],
]);

refusals("security groups refuse", [
  [
    "a rule twice",
    /InvalidPermission\.Duplicate: the specified rule "peer: 10\.0\.0\.0\/8, TCP, from port: 22, to port: 22, ALLOW"/,
    () => {
      const { group } = network();
      for (let i = 0; i < 2; i++)
        account.make("vpc.SecurityGroupIngressRule", {
          securityGroupId: group.id,
          cidrIpv4: "10.0.0.0/8",
          ipProtocol: "tcp",
          fromPort: 22,
          toPort: 22,
          description: `${i}`,
        });
    },
  ],
  [
    "the sixty-first rule",
    /RulesPerSecurityGroupLimitExceeded/,
    () => {
      const { group } = network();
      for (let i = 0; i <= 60; i++)
        account.make("vpc.SecurityGroupIngressRule", {
          securityGroupId: group.id,
          cidrIpv4: "10.0.0.0/8",
          ipProtocol: "tcp",
          fromPort: i,
          toPort: i,
        });
    },
  ],
  [
    "a rule of no group",
    /InvalidGroup\.NotFound/,
    () =>
      account.make("vpc.SecurityGroupEgressRule", {
        securityGroupId: "sg-0",
        cidrIpv4: "10.0.0.0/8",
        ipProtocol: "-1",
      }),
  ],
  [
    "a peer that is not there",
    /InvalidGroup\.NotFound/,
    () =>
      account.make("vpc.SecurityGroupIngressRule", {
        securityGroupId: network().group.id,
        referencedSecurityGroupId: "sg-0",
        ipProtocol: "-1",
      }),
  ],
  [
    "TCP without ports",
    /Must specify both from and to ports/,
    () =>
      account.make("vpc.SecurityGroupIngressRule", {
        securityGroupId: network().group.id,
        cidrIpv4: "10.0.0.0/8",
        ipProtocol: "tcp",
      }),
  ],
  [
    "a description with an apostrophe",
    /Invalid rule description/,
    () =>
      account.make("vpc.SecurityGroupIngressRule", {
        securityGroupId: network().group.id,
        cidrIpv4: "10.0.0.0/8",
        ipProtocol: "-1",
        description: "people's",
      }),
  ],
  [
    "a name twice",
    /InvalidGroup\.Duplicate/,
    () => account.make("ec2.SecurityGroup", { vpcId: network().vpc.id, name: "group" }),
  ],
  [
    "a change into another's rule",
    /InvalidPermission\.Duplicate/,
    () => {
      const { group } = network();
      const rule = (port: number): Made =>
        account.make("vpc.SecurityGroupIngressRule", {
          securityGroupId: group.id,
          cidrIpv4: "10.0.0.0/8",
          ipProtocol: "tcp",
          fromPort: port,
          toPort: port,
        });
      rule(1);
      account.update(rule(2), { fromPort: 1, toPort: 1 });
    },
  ],
]);

describe("a group's instances have public addresses", () => {
  const addresses = (): string[] =>
    Object.values(readAccount(account.file).objects["interface"] ?? {}).map((one) =>
      textOf(one["publicAddress"]),
    );

  it("where their subnet gives them, and the template says nothing", () => {
    const { a, vpc } = network();
    const open = account.make("ec2.Subnet", {
      vpcId: vpc.id,
      cidrBlock: "10.0.2.0/24",
      availabilityZone: "eu-central-1a",
      mapPublicIpOnLaunch: true,
    });
    scaling(a, template());
    expect(addresses()).toEqual([""]);
    scaling(open, template());
    expect(addresses()[1]).toMatch(/^198\.51\.100\.\d+$/);
    scaling(open, template({ networkInterfaces: [{ associatePublicIpAddress: "false" }] }));
    expect(addresses()[2]).toBe("");
  });
});
