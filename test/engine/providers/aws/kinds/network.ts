/** VPCs, subnets and the gateway to the internet. */
import { interfaces, network, overlaps, within } from "../addresses";
import { networkAddress, notBoth } from "../faults";
import type { Kind } from "../kind";
import { refuse, text, type Scope } from "../scope";
import type { Value } from "../../shared/values";
import { zonesOf } from "../catalogue";

export const vpc: Kind = {
  source: "ec2/vpc_.go",
  arguments: {
    cidrBlock: "computed replaces",
    instanceTenancy: "",
    enableDnsHostnames: "computed",
    enableDnsSupport: "",
    enableNetworkAddressUsageMetrics: "computed",
  },
  defaults: { instanceTenancy: "default", enableDnsSupport: true },
  tagged: true,
  outputs: [
    "arn",
    "ownerId",
    "defaultNetworkAclId",
    "defaultRouteTableId",
    "defaultSecurityGroupId",
    "dhcpOptionsId",
    "mainRouteTableId",
  ],
  refuse: (inputs) => networkAddress(inputs, "cidrBlock"),
  create: (scope, inputs) => {
    const call = "EC2: CreateVpc";
    const cidr = text(inputs["cidrBlock"]);
    const range = network(cidr);
    if (!range) refuse(call, "MissingParameter", "The request must contain the parameter cidrBlock");
    // https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html: /16 to /28
    if (range.prefix < 16 || range.prefix > 28)
      refuse(call, "InvalidVpc.Range", `The CIDR '${cidr}' is invalid.`);
    if (scope.all("ec2.Vpc").length >= scope.quota("vpcs")) {
      refuse(call, "VpcLimitExceeded", "The maximum number of VPCs has been reached.");
    }
    const id = scope.newId("vpc");
    const group = scope.newId("sg");
    const table = scope.newId("rtb");
    scope.put("ec2.SecurityGroup", group, { name: "default", vpcId: id, _default: true });
    scope.put("ec2.RouteTable", table, { vpcId: id, _main: true });
    return {
      id,
      attributes: {
        arn: scope.arn("ec2", `vpc/${id}`),
        ownerId: owner(scope),
        enableDnsHostnames: inputs["enableDnsHostnames"] ?? false,
        enableNetworkAddressUsageMetrics: inputs["enableNetworkAddressUsageMetrics"] ?? false,
        defaultSecurityGroupId: group,
        defaultRouteTableId: table,
        mainRouteTableId: table,
        defaultNetworkAclId: scope.newId("acl"),
        dhcpOptionsId: `dopt-0${"0".repeat(16)}`,
      },
    };
  },
  update: (_, id, state, inputs) => {
    // The original: ForceNew when it becomes dedicated again (resourceVPCCustomizeDiff).
    if (inputs["instanceTenancy"] !== state["instanceTenancy"] && inputs["instanceTenancy"] === "dedicated") {
      refuse("EC2: ModifyVpcTenancy", "InvalidParameterValue", `VPC ${id} cannot be made dedicated`);
    }
    return {};
  },
  replaces: (changed, _, news) =>
    changed.includes("instanceTenancy") && news["instanceTenancy"] === "dedicated" ? ["instanceTenancy"] : [],
  remove: (scope, id) => {
    const inside = [
      "ec2.Subnet",
      "ec2.InternetGateway",
      "ec2.SecurityGroup",
      "ec2.RouteTable",
      "ec2.VpcEndpoint",
    ];
    const left = inside
      .flatMap((kind) => scope.where(kind, { vpcId: id }))
      .filter(({ state }) => state["_default"] !== true && state["_main"] !== true);
    if (left.length > 0)
      dependency("EC2: DeleteVpc", `The vpc '${id}' has dependencies and cannot be deleted.`);
    for (const kind of ["ec2.SecurityGroup", "ec2.RouteTable"]) {
      for (const own of scope.where(kind, { vpcId: id })) scope.remove(kind, own.id);
    }
  },
};

export const subnet: Kind = {
  source: "ec2/vpc_subnet.go",
  arguments: {
    vpcId: "required replaces",
    cidrBlock: "computed replaces",
    availabilityZone: "computed replaces",
    availabilityZoneId: "computed replaces",
    mapPublicIpOnLaunch: "",
    privateDnsHostnameTypeOnLaunch: "computed",
    enableResourceNameDnsARecordOnLaunch: "",
  },
  defaults: { mapPublicIpOnLaunch: false, enableResourceNameDnsARecordOnLaunch: false },
  tagged: true,
  outputs: ["arn", "ownerId"],
  refuse: (inputs) => [
    ...networkAddress(inputs, "cidrBlock"),
    ...notBoth(inputs, "availabilityZone", "availabilityZoneId"),
  ],
  create: (scope, inputs) => {
    const call = "EC2: CreateSubnet";
    const vpcId = text(inputs["vpcId"]);
    const parent = needVpc(scope, call, vpcId);
    const cidr = text(inputs["cidrBlock"]);
    const range = network(cidr);
    const outer = network(text(parent["cidrBlock"]));
    if (!range || !outer || range.prefix < 16 || range.prefix > 28 || !within(range, outer)) {
      refuse(call, "InvalidSubnet.Range", `The CIDR '${cidr}' is invalid.`);
    }
    for (const other of scope.where("ec2.Subnet", { vpcId })) {
      const taken = network(text(other.state["cidrBlock"]));
      if (taken && overlaps(range, taken)) {
        refuse(call, "InvalidSubnet.Conflict", `The CIDR '${cidr}' conflicts with another subnet`);
      }
    }
    const zones = zonesOf(scope.region, scope.controls);
    const zone =
      zones.find(({ id }) => id === inputs["availabilityZoneId"])?.name ??
      (text(inputs["availabilityZone"]) || zones[0].name);
    const found = zones.find(({ name }) => name === zone);
    if (!found) {
      const allowed = zones.map(({ name }) => name).join(", ");
      const where = `Subnets can currently only be created in the following availability zones: ${allowed}.`;
      refuse(
        call,
        "InvalidParameterValue",
        `Value (${zone}) for parameter availabilityZone is invalid. ${where}`,
      );
    }
    const id = scope.newId("subnet");
    return {
      id,
      attributes: {
        arn: scope.arn("ec2", `subnet/${id}`),
        ownerId: owner(scope),
        availabilityZone: found.name,
        availabilityZoneId: found.id,
        privateDnsHostnameTypeOnLaunch: inputs["privateDnsHostnameTypeOnLaunch"] ?? "ip-name",
      },
    };
  },
  remove: (scope, id) => {
    if (scope.where(interfaces, { subnetId: id }).length > 0) {
      dependency("EC2: DeleteSubnet", `The subnet '${id}' has dependencies and cannot be deleted.`);
    }
    for (const kind of ["ec2.SubnetCidrReservation", "ec2.RouteTableAssociation"]) {
      for (const own of scope.where(kind, { subnetId: id })) scope.remove(kind, own.id);
    }
  },
};

export const subnetCidrReservation: Kind = {
  source: "ec2/vpc_subnet_cidr_reservation.go",
  arguments: {
    cidrBlock: "required replaces",
    description: "replaces",
    reservationType: "required replaces",
    subnetId: "required replaces",
  },
  outputs: ["ownerId"],
  refuse: (inputs) => [...networkAddress(inputs, "cidrBlock")],
  create: (scope, inputs) => {
    const call = "EC2: CreateSubnetCidrReservation";
    const subnetId = text(inputs["subnetId"]);
    const range = network(text(inputs["cidrBlock"]));
    const subnet = needSubnet(scope, call, subnetId);
    const outer = network(text(subnet["cidrBlock"]));
    // https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html: subnets are their owner's to manage. The code is a guess.
    if (subnet["ownerId"] !== owner(scope))
      refuse(
        call,
        "UnauthorizedOperation",
        `You are not authorized to change subnet ${subnetId}, which is shared with you.`,
      );
    // That it is refused is documented, its code is not: InvalidParameterValue is a guess.
    if (!range || !outer || !within(range, outer)) {
      refuse(
        call,
        "InvalidParameterValue",
        `The CIDR '${text(inputs["cidrBlock"])}' is not within subnet ${subnetId}.`,
      );
    }
    for (const { state } of scope.where("ec2.SubnetCidrReservation", { subnetId })) {
      const taken = network(text(state["cidrBlock"]));
      if (taken && overlaps(range, taken)) {
        refuse(
          call,
          "InvalidParameterValue",
          `The CIDR '${range.cidr}' overlaps with reservation ${taken.cidr}.`,
        );
      }
    }
    return { id: scope.newId("scr"), attributes: { ownerId: owner(scope) } };
  },
};

export const internetGateway: Kind = {
  source: "ec2/vpc_internet_gateway.go",
  arguments: { vpcId: "computed" },
  tagged: true,
  outputs: ["arn", "ownerId"],
  create: (scope, inputs) => {
    const id = scope.newId("igw");
    attachGateway(scope, inputs["vpcId"]);
    return { id, attributes: { arn: scope.arn("ec2", `internet-gateway/${id}`), ownerId: owner(scope) } };
  },
  update: (scope, id, state, inputs) => {
    if (state["vpcId"] !== inputs["vpcId"]) {
      detachGateway(scope, id, state["vpcId"]);
      attachGateway(scope, inputs["vpcId"]);
    }
    return {};
  },
  remove: (scope, id, state) => detachGateway(scope, id, state["vpcId"]),
};

function attachGateway(scope: Scope, vpcId: Value | undefined): void {
  if (!vpcId) return;
  const call = "EC2: AttachInternetGateway";
  needVpc(scope, call, text(vpcId));
  if (scope.where("ec2.InternetGateway", { vpcId }).length > 0) {
    refuse(call, "InvalidParameterValue", `Network ${text(vpcId)} already has an internet gateway attached`);
  }
}

function detachGateway(scope: Scope, id: string, vpcId: Value | undefined): void {
  if (!vpcId) return;
  const mapped = scope
    .where(interfaces, { vpcId })
    .filter(({ state }) => state["publicAddress"] !== "" || state["allocation"] !== "");
  if (mapped.length > 0) {
    const what = `Network ${text(vpcId)} has some mapped public address(es).`;
    dependency(
      "EC2: DetachInternetGateway",
      `${what} Please unmap those public address(es) before detaching the gateway.`,
    );
  }
  for (const route of scope.where("ec2.Route", { gatewayId: id })) {
    scope.put("ec2.Route", route.id, { ...route.state, state: "blackhole" });
  }
}

export function needVpc(scope: Scope, call: string, id: string): NonNullable<ReturnType<Scope["find"]>> {
  return (
    scope.find("ec2.Vpc", id) ?? refuse(call, "InvalidVpcID.NotFound", `The vpc ID '${id}' does not exist`)
  );
}

export function needSubnet(scope: Scope, call: string, id: string): NonNullable<ReturnType<Scope["find"]>> {
  return (
    scope.find("ec2.Subnet", id) ??
    refuse(call, "InvalidSubnetID.NotFound", `The subnet ID '${id}' does not exist`)
  );
}

export function hasGateway(scope: Scope, vpcId: Value | undefined): boolean {
  return scope.where("ec2.InternetGateway", { vpcId: vpcId ?? null }).length > 0;
}

export function dependency(call: string, message: string): never {
  return refuse(call, "DependencyViolation", message);
}

function owner(scope: Scope): string {
  return scope.arn("ec2", "").split(":")[4];
}
