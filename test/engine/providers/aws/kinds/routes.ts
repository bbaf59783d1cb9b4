/** Route tables, routes, and which subnet goes by which table. */
import { network } from "../addresses";
import { exactlyOne, networkAddress } from "../faults";
import type { Kind } from "../kind";
import { given, objects, refuse, text, type Scope } from "../scope";
import type { Value, Values } from "../../shared/values";
import { needSubnet, needVpc } from "./network";

const destinations = ["destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"];
const targets = [
  ...["gatewayId", "natGatewayId", "networkInterfaceId", "egressOnlyGatewayId", "transitGatewayId"],
  ...["vpcEndpointId", "vpcPeeringConnectionId"],
];

export const routeTable: Kind = {
  source: "ec2/vpc_route_table.go",
  arguments: { vpcId: "required replaces", routes: "computed set", propagatingVgws: "computed set" },
  tagged: true,
  outputs: ["arn", "ownerId"],
  create: (scope, inputs) => {
    needVpc(scope, "EC2: CreateRouteTable", text(inputs["vpcId"]));
    const id = scope.newId("rtb");
    checkInline(scope, inputs);
    return {
      id,
      attributes: {
        arn: scope.arn("ec2", `route-table/${id}`),
        ownerId: scope.arn("ec2", "").split(":")[4],
        propagatingVgws: [],
        _inline: inputs["routes"] ?? [],
        routes: inputs["routes"] ?? [],
      },
    };
  },
  update: (scope, _, state, inputs): Values => {
    if (JSON.stringify(inputs["routes"]) === JSON.stringify(state["routes"])) return {};
    checkInline(scope, inputs);
    return { _inline: inputs["routes"] ?? [] };
  },
  // The original reads all routes, those of aws.ec2.Route as well.
  read: (scope, id, state) => ({
    routes: [
      ...objects(state["_inline"]),
      ...scope.where("ec2.Route", { routeTableId: id }).map((route) => inlineForm(route.state)),
    ],
  }),
  // resourceRouteTableDelete ends the associations first.
  remove: (scope, id) => {
    for (const kind of ["ec2.RouteTableAssociation", "ec2.Route"]) {
      for (const own of scope.where(kind, { routeTableId: id })) scope.remove(kind, own.id);
    }
  },
};

function inlineForm(route: Values): Values {
  const {
    destinationCidrBlock = null,
    destinationPrefixListId = null,
    gatewayId = null,
    natGatewayId = null,
  } = route;
  const form = { cidrBlock: destinationCidrBlock, destinationPrefixListId, gatewayId, natGatewayId };
  return Object.fromEntries(Object.entries(form).filter(([, value]) => value !== null));
}

function checkInline(scope: Scope, inputs: Values): void {
  for (const route of objects(inputs["routes"]))
    checkTarget(scope, "EC2: CreateRoute", route, inputs["vpcId"]);
}

export const route: Kind = {
  source: "ec2/vpc_route.go",
  arguments: {
    routeTableId: "required replaces",
    ...Object.fromEntries(destinations.map((name) => [name, "replaces"])),
    ...Object.fromEntries(targets.map((name) => [name, name === "networkInterfaceId" ? "computed" : ""])),
  },
  outputs: ["instanceId", "instanceOwnerId", "origin", "state"],
  refuse: (inputs) => [
    ...exactlyOne(inputs, ...destinations),
    ...exactlyOne(inputs, ...targets),
    ...networkAddress(inputs, "destinationCidrBlock"),
  ],
  create: (scope, inputs) => {
    const call = "EC2: CreateRoute";
    const routeTableId = text(inputs["routeTableId"]);
    const table = needTable(scope, call, routeTableId);
    const destination = destinationOf(inputs);
    const taken = scope
      .where("ec2.Route", { routeTableId })
      .some(({ state }) => destinationOf(state) === destination);
    const local = text(scope.find("ec2.Vpc", table["vpcId"])?.["cidrBlock"]);
    if (taken || destination === local) {
      refuse(call, "RouteAlreadyExists", `The route identified by ${destination} already exists.`);
    }
    checkTarget(scope, call, inputs, table["vpcId"]);
    return {
      id: `r-${routeTableId}${destinationNumber(destination)}`,
      attributes: { origin: "CreateRoute", state: "active", instanceId: "", instanceOwnerId: "" },
    };
  },
  update: (scope, _, state, inputs) => {
    const table = scope.find("ec2.RouteTable", state["routeTableId"]);
    checkTarget(scope, "EC2: ReplaceRoute", inputs, table?.["vpcId"]);
    return { state: "active" };
  },
};

export const routeTableAssociation: Kind = {
  source: "ec2/vpc_route_table_association.go",
  arguments: { routeTableId: "required", subnetId: "replaces", gatewayId: "replaces" },
  refuse: (inputs) => exactlyOne(inputs, "subnetId", "gatewayId"),
  create: (scope, inputs) => {
    const call = "EC2: AssociateRouteTable";
    checkAssociation(scope, call, inputs);
    const { subnetId = null, gatewayId = null } = inputs;
    const taken = scope
      .all("ec2.RouteTableAssociation")
      .filter(
        ({ state }) => (state["subnetId"] ?? null) === subnetId && (state["gatewayId"] ?? null) === gatewayId,
      );
    if (taken.length > 0) {
      const what = `the specified association for route table ${text(inputs["routeTableId"])}`;
      refuse(call, "Resource.AlreadyAssociated", `${what} conflicts with an existing association`);
    }
    return { id: scope.newId("rtbassoc") };
  },
  update: (scope, _, __, inputs) => {
    checkAssociation(scope, "EC2: ReplaceRouteTableAssociation", inputs);
    return {};
  },
};

function checkAssociation(scope: Scope, call: string, inputs: Values): void {
  const table = needTable(scope, call, text(inputs["routeTableId"]));
  if (!given(inputs["subnetId"])) return;
  const subnet = needSubnet(scope, call, text(inputs["subnetId"]));
  if (subnet["vpcId"] !== table["vpcId"]) {
    const what = `Route table ${text(inputs["routeTableId"])} and subnet ${text(inputs["subnetId"])}`;
    refuse(call, "InvalidParameterValue", `${what} belong to different networks`);
  }
}

function needTable(scope: Scope, call: string, id: string): Values {
  return (
    scope.find("ec2.RouteTable", id) ??
    refuse(call, "InvalidRouteTableID.NotFound", `The routeTable ID '${id}' does not exist`)
  );
}

function checkTarget(scope: Scope, call: string, inputs: Values, vpcId: Value | undefined): void {
  const gateway = text(inputs["gatewayId"]);
  if (gateway !== "" && gateway !== "local") {
    const found = scope.find("ec2.InternetGateway", gateway);
    if (!found) refuse(call, "InvalidGatewayID.NotFound", `The gateway ID '${gateway}' does not exist`);
    if (found["vpcId"] !== vpcId) {
      refuse(
        call,
        "InvalidParameterValue",
        `route table and network gateway ${gateway} belong to different networks`,
      );
    }
  }
  const nat = text(inputs["natGatewayId"]);
  if (nat !== "") {
    const found = scope.find("ec2.NatGateway", nat);
    if (!found) refuse(call, "InvalidNatGatewayID.NotFound", `The natGateway ID '${nat}' does not exist`);
    if (scope.find("ec2.Subnet", found["subnetId"])?.["vpcId"] !== vpcId) {
      refuse(
        call,
        "InvalidParameterValue",
        `route table and NAT gateway ${nat} belong to different networks`,
      );
    }
  }
}

function destinationOf(route: Values): string {
  return destinations.map((name) => text(route[name])).join("");
}

/** Part of a route's id: a number out of its destination (ec2/id.go, RouteCreateID, which hashes it otherwise). */
function destinationNumber(destination: string): string {
  const range = network(destination);
  return range ? `${range.first}${range.prefix}` : destination.replace(/\W/g, "");
}
