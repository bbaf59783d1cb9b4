/** A VPC by itself. */
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Network } from "../../../aws";
import { byName, record } from "../../../testing/recorder";
import { pathsOf as pathsFor } from "../problems";

const region = "eu-central-1";

const pathsOf = (args: unknown) => pathsFor(() => new Network("cloud", args as never));

describe("Network", () => {
  it("is a VPC with public subnets in three zones, named after the component", async () => {
    const all = await record(() => new Network("cloud", { region, vpcCidr: "10.7.0.0/16" }));
    expect(byName(all, "cloud-vpc").inputs).toMatchObject({
      cidrBlock: "10.7.0.0/16",
      tags: { Name: "cloud", "kubernetes.io/cluster/cloud": "owned" },
    });
    expect(all.filter(({ type }) => type === "aws:ec2/subnet:Subnet").map(({ name }) => name)).toEqual([
      "cloud-public-a",
      "cloud-public-b",
      "cloud-public-c",
    ]);
  });

  it("has private subnets beside public ones, and a way out, where nodes are to be private", async () => {
    const args = { region, subnetType: "private", zones: 1, nat: "one", clusterName: "shop" } as const;
    const all = await record(() => new Network("cloud", args));
    expect(byName(all, "cloud-private-a").inputs).toMatchObject({ tags: { Name: "shop-private-a" } });
    expect(all.filter(({ type }) => type === "aws:ec2/natGateway:NatGateway")).toHaveLength(1);
  });

  it("takes ids that another resource makes", async () => {
    const later = (id: string) => pulumi.output(Promise.resolve(id));
    const subnet = { cidr: "10.7.0.0/24", zone: "a", subnetType: "public" } as const;
    const existing = {
      vpcId: later("vpc-0123456789abcdef0"),
      subnets: [{ ...subnet, id: later("subnet-0123456789abcdef0") }],
    };
    let network: Network | undefined;
    const all = await record(() => {
      network = new Network("cloud", { region, vpcCidr: "10.7.0.0/16", existing });
    });
    expect(byName(all, "cloud-public-a-reserved").inputs).toMatchObject({
      subnetId: "subnet-0123456789abcdef0",
    });
    const vpcId = network?.vpcId as unknown as { promise: () => Promise<unknown> };
    expect(await vpcId.promise()).toBe("vpc-0123456789abcdef0");
  });

  it("leaves reservations to the owner of subnets that are shared", async () => {
    const subnets = [
      { id: "subnet-0123456789abcdef0", cidr: "10.7.0.0/24", zone: "a", subnetType: "public" } as const,
    ];
    const existing = { vpcId: "vpc-0123456789abcdef0", subnets, cidrReservations: false };
    const all = await record(() => new Network("cloud", { region, vpcCidr: "10.7.0.0/16", existing }));
    expect(all.map(({ type }) => type).filter((type) => type.startsWith("aws:"))).toEqual([]);
  });

  it("reports everything wrong at once, by the path in its arguments", async () => {
    expect(
      await pathsOf({
        region: "eu-centrl-1",
        vpcCidr: "10.7.0.1/16",
        nat: "two",
        serviceCidr: "10.96.0.0/16",
        clusterName: "A",
      }),
    ).toEqual(["serviceCidr", "region", "clusterName", "nat", "vpcCidr"]);
    expect(await pathsOf(undefined)).toEqual(["region"]);
    expect(await pathsOf({ region, vpcCidr: pulumi.output("10.0.0.0/16") })).toEqual(["vpcCidr"]);
  });
});
