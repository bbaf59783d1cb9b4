/** Elastic addresses, and which interface has them. */
import { interfaces, publicAddressFor, publicName } from "../addresses";
import { exactlyOne } from "../faults";
import type { Kind } from "../kind";
import { refuse, text, type Scope } from "../scope";
import type { Value, Values } from "../../shared/values";
import { hasGateway } from "./network";

export const eip: Kind = {
  source: "ec2/ec2_eip.go",
  arguments: {
    domain: "computed replaces",
    instance: "computed",
    networkInterface: "computed",
    associateWithPrivateIp: "",
    networkBorderGroup: "computed replaces",
    publicIpv4Pool: "computed replaces",
  },
  tagged: true,
  outputs: [
    ...["allocationId", "arn", "associationId", "privateDns", "privateIp", "publicDns", "publicIp"],
    ...["carrierIp", "customerOwnedIp", "ptrRecord"],
  ],
  refuse: (inputs) =>
    inputs["domain"] === "standard"
      ? [{ property: "domain", reason: "the stand-in's account has no EC2-Classic" }]
      : [],
  create: (scope, inputs) => {
    if (scope.all("ec2.Eip").length >= scope.quota("elasticAddresses")) {
      refuse(
        "EC2: AllocateAddress",
        "AddressLimitExceeded",
        "The maximum number of addresses has been reached.",
      );
    }
    const id = scope.newId("eipalloc");
    const publicIp = publicAddressFor(scope);
    const state: Values = {
      allocationId: id,
      arn: scope.arn("ec2", `elastic-ip/${id}`),
      publicIp,
      publicDns: publicName(scope.region, publicIp),
      domain: "vpc",
      networkBorderGroup: scope.region,
      publicIpv4Pool: "amazon",
      associationId: "",
      privateIp: "",
    };
    scope.put("ec2.Eip", id, state);
    const target = targetOf(scope, inputs["instance"], inputs["networkInterface"]);
    if (target) associate(scope, id, target, true);
    return { id, attributes: { ...state, ...associationOf(scope, id) } };
  },
  update: (scope, id, state, inputs) => {
    if (
      state["instance"] !== inputs["instance"] ||
      state["networkInterface"] !== inputs["networkInterface"]
    ) {
      dissociate(scope, id);
      const target = targetOf(scope, inputs["instance"], inputs["networkInterface"]);
      if (target) associate(scope, id, target, true);
    }
    return associationOf(scope, id);
  },
  read: (scope, id) => associationOf(scope, id),
  remove: (scope, id, state) => {
    const [used] = scope.where(interfaces, { allocation: id });
    // resourceEIPDelete ends an association that it knows of; one of a NAT gateway cannot be ended.
    if (used && text(used.state["owner"]).startsWith("nat-")) {
      refuse(
        "EC2: ReleaseAddress",
        "InvalidIPAddress.InUse",
        `Address ${text(state["publicIp"])} is in use.`,
      );
    }
    dissociate(scope, id);
  },
};

export const eipAssociation: Kind = {
  source: "ec2/ec2_eip_association.go",
  arguments: {
    allocationId: "computed replaces",
    allowReassociation: "replaces",
    instanceId: "computed replaces",
    networkInterfaceId: "computed replaces",
    privateIpAddress: "computed replaces",
    publicIp: "computed replaces",
  },
  refuse: (inputs) => exactlyOne(inputs, "instanceId", "networkInterfaceId"),
  create: (scope, inputs) => {
    const call = "EC2: AssociateAddress";
    const allocation = text(inputs["allocationId"]);
    const address = needAddress(scope, call, allocation);
    const target = targetOf(scope, inputs["instanceId"], inputs["networkInterfaceId"]);
    if (!target)
      refuse(call, "MissingParameter", "Either 'InstanceId' or 'NetworkInterfaceId' must be provided");
    const id = associate(scope, allocation, target, inputs["allowReassociation"] === true);
    const there = scope.find(interfaces, target) ?? {};
    return {
      id,
      attributes: {
        publicIp: address["publicIp"] ?? null,
        networkInterfaceId: target,
        privateIpAddress: there["address"] ?? null,
        instanceId: text(there["owner"]).startsWith("i-") ? (there["owner"] ?? null) : "",
      },
    };
  },
  remove: (scope, _, state) => dissociate(scope, text(state["allocationId"])),
};

export function needAddress(scope: Scope, call: string, id: string): Values {
  return (
    scope.find("ec2.Eip", id) ??
    refuse(call, "InvalidAllocationID.NotFound", `The allocation ID '${id}' does not exist`)
  );
}

function targetOf(
  scope: Scope,
  instance: Value | undefined,
  networkInterface: Value | undefined,
): string | undefined {
  if (text(instance) !== "") {
    const [found] = scope.where(interfaces, { owner: text(instance) });
    if (!found)
      refuse(
        "EC2: AssociateAddress",
        "InvalidInstanceID.NotFound",
        `The instance ID '${text(instance)}' does not exist`,
      );
    return found.id;
  }
  return text(networkInterface) === "" ? undefined : text(networkInterface);
}

/** Gives an interface an elastic address; the association's id. */
export function associate(scope: Scope, allocation: string, interfaceId: string, again: boolean): string {
  const call = "EC2: AssociateAddress";
  const target = scope.find(interfaces, interfaceId);
  if (!target) {
    refuse(
      call,
      "InvalidNetworkInterfaceID.NotFound",
      `The networkInterface ID '${interfaceId}' does not exist`,
    );
  }
  if (scope.where(interfaces, { allocation }).length > 0) {
    if (!again) refuse(call, "Resource.AlreadyAssociated", `resource ${allocation} is already associated`);
    dissociate(scope, allocation);
  }
  if (!hasGateway(scope, target["vpcId"])) {
    refuse(
      call,
      "Gateway.NotAttached",
      `Network ${text(target["vpcId"])} is not attached to any internet gateway`,
    );
  }
  const id = scope.newId("eipassoc");
  // The address out of the pool goes back when an elastic one takes its place.
  scope.put(interfaces, interfaceId, { ...target, allocation, association: id, publicAddress: "" });
  return id;
}

export function dissociate(scope: Scope, allocation: string): void {
  for (const { id, state } of scope.where(interfaces, { allocation })) {
    scope.put(interfaces, id, { ...state, allocation: "", association: "" });
  }
}

function associationOf(scope: Scope, allocation: string): Values {
  const [used] = scope.where(interfaces, { allocation });
  const owner = text(used?.state["owner"]);
  return {
    associationId: used?.state["association"] ?? "",
    networkInterface: used?.id ?? "",
    privateIp: used?.state["address"] ?? "",
    instance: owner.startsWith("i-") ? owner : "",
  };
}
