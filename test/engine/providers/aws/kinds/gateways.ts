/** NAT gateways and VPC endpoints. */
import { attach, checkGroups, detach, interfaces } from "../addresses";
import { endpointZonesOf } from "../catalogue";
import type { Kind } from "../kind";
import { given, refuse, text, texts, type Scope } from "../scope";
import type { Value, Values } from "../../shared/values";
import { associate, dissociate, needAddress } from "./elasticAddresses";
import { hasGateway, needSubnet, needVpc } from "./network";

export const natGateway: Kind = {
  source: "ec2/vpc_nat_gateway.go",
  arguments: {
    allocationId: "replaces",
    connectivityType: "replaces",
    privateIp: "computed replaces",
    subnetId: "replaces",
    secondaryAllocationIds: "computed set",
  },
  defaults: { connectivityType: "public" },
  tagged: true,
  outputs: ["associationId", "networkInterfaceId", "publicIp"],
  refuse: (inputs) => [
    ...["allocationId", "secondaryAllocationIds"]
      .filter((name) => inputs["connectivityType"] === "private" && given(inputs[name]))
      .map((property) => ({
        property,
        reason: `${property} is not supported with connectivityType "private"`,
      })),
  ],
  create: (scope, inputs) => {
    const call = "EC2: CreateNatGateway";
    const subnetId = text(inputs["subnetId"]);
    const { vpcId = null } = needSubnet(scope, call, subnetId);
    const allocation = text(inputs["allocationId"]);
    const id = scope.newId("nat");
    if (inputs["connectivityType"] === "public") {
      if (allocation === "")
        refuse(call, "MissingParameter", "The request must contain the parameter AllocationId");
      needAddress(scope, call, allocation);
      if (!hasGateway(scope, vpcId)) {
        refuse(call, "Gateway.NotAttached", `Network ${text(vpcId)} has no Internet gateway attached`);
      }
    }
    const made = attach(scope, { call, subnetId, groups: [], owner: id, address: text(inputs["privateIp"]) });
    const associationId = allocation === "" ? "" : associate(scope, allocation, made.id, false);
    return {
      id,
      attributes: {
        associationId,
        networkInterfaceId: made.id,
        privateIp: made.address,
        publicIp: text(scope.find("ec2.Eip", allocation)?.["publicIp"]),
      },
    };
  },
  remove: (scope, id, state) => {
    if (text(state["allocationId"]) !== "") dissociate(scope, text(state["allocationId"]));
    detach(scope, id);
    for (const route of scope.where("ec2.Route", { natGatewayId: id })) {
      scope.put("ec2.Route", route.id, { ...route.state, state: "blackhole" });
    }
  },
};

export const vpcEndpoint: Kind = {
  source: "ec2/vpc_endpoint.go",
  arguments: {
    vpcId: "required replaces",
    serviceName: "replaces",
    vpcEndpointType: "replaces",
    autoAccept: "",
    policy: "computed json",
    privateDnsEnabled: "computed",
    routeTableIds: "computed set",
    securityGroupIds: "computed set",
    subnetIds: "computed set",
    ipAddressType: "computed",
  },
  defaults: { vpcEndpointType: "Gateway" },
  tagged: true,
  outputs: [
    "arn",
    "cidrBlocks",
    "networkInterfaceIds",
    "ownerId",
    "prefixListId",
    "requesterManaged",
    "state",
  ],
  refuse: (inputs) =>
    ["GatewayLoadBalancer", "Resource", "ServiceNetwork"].includes(text(inputs["vpcEndpointType"]))
      ? [{ property: "vpcEndpointType", reason: "the stand-in has endpoints of services alone" }]
      : [],
  recomputed: (changed) => (changed.includes("subnetIds") ? ["networkInterfaceIds"] : []),
  // CustomizeDiff: only interface endpoints are modified.
  replaces: (changed, _, news) =>
    changed.includes("privateDnsEnabled") && news["vpcEndpointType"] !== "Interface"
      ? ["privateDnsEnabled"]
      : [],
  create: (scope, inputs) => {
    const call = "EC2: CreateVpcEndpoint";
    needVpc(scope, call, text(inputs["vpcId"]));
    const service = text(inputs["serviceName"]);
    const isGateway = inputs["vpcEndpointType"] === "Gateway";
    const gateways = ["s3", "dynamodb"].map((name) => `com.amazonaws.${scope.region}.${name}`);
    const known = isGateway
      ? gateways.includes(service)
      : endpointZonesOf(service, scope.region, scope.controls) !== undefined;
    if (!known) refuse(call, "InvalidServiceName", `The Vpc Endpoint Service '${service}' does not exist`);
    const id = scope.newId("vpce");
    checkPrivateDns(scope, call, id, inputs);
    placeEndpoint(scope, call, id, inputs);
    return {
      id,
      attributes: {
        arn: scope.arn("ec2", `vpc-endpoint/${id}`),
        ownerId: scope.arn("ec2", "").split(":")[4],
        state: "available",
        requesterManaged: false,
        prefixListId: isGateway ? `pl-${service.endsWith("s3") ? "6ea54007" : "66a5400f"}` : "",
        cidrBlocks: [],
        policy: inputs["policy"] ?? openPolicy,
        privateDnsEnabled: inputs["privateDnsEnabled"] ?? false,
        ipAddressType: inputs["ipAddressType"] ?? "ipv4",
        routeTableIds: inputs["routeTableIds"] ?? [],
        ...placedEndpoint(scope, id, inputs),
      },
    };
  },
  update: (scope, id, _, inputs) => {
    detach(scope, id);
    checkPrivateDns(scope, "EC2: ModifyVpcEndpoint", id, inputs);
    placeEndpoint(scope, "EC2: ModifyVpcEndpoint", id, inputs);
    return placedEndpoint(scope, id, inputs);
  },
  remove: (scope, id) => detach(scope, id),
};

const openPolicy =
  '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}],"Version":"2008-10-17"}';

/**
 * https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html, "Private DNS"; the second one of a service:
 * hashicorp/terraform-provider-aws#17535.
 */
function checkPrivateDns(scope: Scope, call: string, id: string, inputs: Values): void {
  if (inputs["privateDnsEnabled"] !== true) return;
  const vpcId = text(inputs["vpcId"]);
  const vpc = scope.find("ec2.Vpc", vpcId);
  if (vpc?.["enableDnsSupport"] === false || vpc?.["enableDnsHostnames"] !== true) {
    const what =
      "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true";
    refuse(call, "InvalidParameter", `${what} for ${vpcId}`);
  }
  const service = inputs["serviceName"] ?? null;
  const same = scope.where("ec2.VpcEndpoint", { vpcId, serviceName: service, privateDnsEnabled: true });
  if (same.every((other) => other.id === id)) return;
  const name = text(service).split(".").slice(3).reverse().join(".");
  const what = `private-dns-enabled cannot be set because there is already a conflicting DNS domain for ${name}.${scope.region}.amazonaws.com`;
  refuse(call, "InvalidParameter", `${what} in the VPC ${vpcId}`);
}

function placeEndpoint(scope: Scope, call: string, id: string, inputs: Values): void {
  for (const table of texts(inputs["routeTableIds"])) {
    const found = scope.find("ec2.RouteTable", table);
    if (!found || found["vpcId"] !== inputs["vpcId"]) {
      refuse(call, "InvalidRouteTableId.NotFound", `The routeTable ID '${table}' does not exist`);
    }
    const same = scope.where("ec2.VpcEndpoint", { serviceName: inputs["serviceName"] });
    if (same.some((other) => other.id !== id && texts(other.state["routeTableIds"]).includes(table))) {
      refuse(
        call,
        "RouteAlreadyExists",
        `route table ${table} already has a route with destination-prefix-list-id`,
      );
    }
  }
  checkGroups(scope, call, texts(inputs["securityGroupIds"]), text(inputs["vpcId"]));
  const zones = new Set<Value>();
  const service = text(inputs["serviceName"]);
  const offered = endpointZonesOf(service, scope.region, scope.controls);
  for (const subnetId of texts(inputs["subnetIds"])) {
    const zone = needSubnet(scope, call, subnetId)["availabilityZone"];
    // terraform-aws-modules/terraform-aws-vpc#785.
    if (offered?.includes(text(zone)) === false) {
      const what = `The VPC endpoint service ${service} does not support the availability zone of the subnet: ${subnetId}.`;
      refuse(call, "InvalidParameter", what);
    }
    if (zones.has(zone)) {
      refuse(
        call,
        "DuplicateSubnetsInSameZone",
        `Found another VPC endpoint subnet in the availability zone of ${subnetId}`,
      );
    }
    zones.add(zone);
    attach(scope, { call, subnetId, groups: groupsOfEndpoint(scope, inputs), owner: id });
  }
}

function placedEndpoint(scope: Scope, id: string, inputs: Values): Values {
  return {
    networkInterfaceIds: scope.where(interfaces, { owner: id }).map((entry) => entry.id),
    subnetIds: inputs["subnetIds"] ?? [],
    securityGroupIds: inputs["vpcEndpointType"] === "Gateway" ? [] : groupsOfEndpoint(scope, inputs),
  };
}

function groupsOfEndpoint(scope: Scope, inputs: Values): string[] {
  const own = texts(inputs["securityGroupIds"]);
  return own.length > 0 ? own : [text(scope.find("ec2.Vpc", inputs["vpcId"])?.["defaultSecurityGroupId"])];
}
