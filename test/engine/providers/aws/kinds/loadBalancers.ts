/** Load balancers. */
import { attach, detach, interfaces } from "../addresses";
import { balancerZone } from "../catalogue";
import { exactlyOne, matches, notBoth } from "../faults";
import type { Kind } from "../kind";
import { objects, refuse, text, texts, type Scope } from "../scope";
import { isUnknown, sameValue, type Value, type Values } from "../../shared/values";
import { associate, dissociate } from "./elasticAddresses";
import { hasGateway } from "./network";

/** elbv2/validate.go, validName: 32 characters, letters, digits and dashes, no dash at the ends. */
export const balancerName = /^(?!internal-)[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?$/;

export const loadBalancer: Kind = {
  source: "elbv2/load_balancer.go",
  arguments: {
    accessLogs: "",
    dnsRecordClientRoutingPolicy: "",
    enableCrossZoneLoadBalancing: "",
    enableDeletionProtection: "",
    enforceSecurityGroupInboundRulesOnPrivateLinkTraffic: "computed",
    idleTimeout: "",
    internal: "computed replaces",
    ipAddressType: "computed",
    loadBalancerType: "replaces",
    name: "computed replaces",
    namePrefix: "computed replaces",
    securityGroups: "computed set",
    subnetMappings: "computed set",
    subnets: "computed set",
  },
  defaults: {
    loadBalancerType: "application",
    enableCrossZoneLoadBalancing: false,
    enableDeletionProtection: false,
  },
  tagged: true,
  outputs: ["arn", "arnSuffix", "dnsName", "vpcId", "zoneId"],
  naming: { argument: "name", longest: 255 },
  refuse: (inputs) => [
    ...exactlyOne(inputs, "subnetMappings", "subnets"),
    ...notBoth(inputs, "name", "namePrefix"),
    ...matches(
      inputs,
      "name",
      balancerName,
      "may only contain letters, digits and hyphens, not at its ends, nor begin with internal-",
    ),
  ],
  replaces: replacesBalancer,
  create: (scope, inputs) => {
    const call = "Elastic Load Balancing v2: CreateLoadBalancer";
    const name = text(inputs["name"]);
    if (scope.where("lb.LoadBalancer", { name }).length > 0) {
      refuse(call, "DuplicateLoadBalancerName", `ELBv2 Load Balancer (${name}) already exists`);
    }
    const isNetwork = inputs["loadBalancerType"] === "network";
    const suffix = `${isNetwork ? "net" : "app"}/${name}/${scope.digits("balancer")}`;
    const arn = scope.arn("elasticloadbalancing", `loadbalancer/${suffix}`);
    const isInternal = inputs["internal"] === true;
    const vpcId = place(scope, call, arn, inputs);
    return {
      id: arn,
      attributes: {
        arn,
        arnSuffix: suffix,
        dnsName: dnsName(scope, name, suffix, isNetwork, isInternal),
        vpcId,
        zoneId: balancerZone(scope.region, isNetwork),
        internal: isInternal,
        ipAddressType: inputs["ipAddressType"] ?? "ipv4",
        ...placed(inputs, inputs),
      },
    };
  },
  update: (scope, id, state, inputs) => {
    const call = "Elastic Load Balancing v2: SetSecurityGroups";
    const [before, after] = [texts(state["securityGroups"]), texts(inputs["securityGroups"])];
    if (state["loadBalancerType"] === "network" && (before.length === 0) !== (after.length === 0)) {
      // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
      refuse(
        call,
        "InvalidConfigurationRequest",
        "Security groups are given to a network load balancer when it is created, or never",
      );
    }
    const sameGroups = sameValue(state["securityGroups"], inputs["securityGroups"]);
    const given = ["subnets", "subnetMappings"].filter((name) => !sameValue(state[name], inputs[name]));
    if (sameGroups && given.length === 0) return {};
    // What was not given follows from what was.
    const wanted = {
      ...inputs,
      [given[0] === "subnets" ? "subnetMappings" : "subnets"]: given[0] ? null : (inputs["subnets"] ?? null),
    };
    const kept = scope
      .where(interfaces, { owner: id })
      .filter(({ state: there }) => subnetsOf(wanted).includes(text(there["subnetId"])));
    for (const { state: there } of kept) {
      const mapping = mappingsOf(wanted).find(({ subnetId }) => subnetId === there["subnetId"]);
      const address = text(mapping?.["privateIpv4Address"]);
      if (address !== "" && address !== there["address"]) {
        const what = `The address of ${text(there["subnetId"])} is given when a load balancer gets the subnet, or never`;
        refuse("Elastic Load Balancing v2: SetSubnets", "InvalidConfigurationRequest", what);
      }
    }
    const missing = subnetsOf(wanted).filter(
      (subnet) => !kept.some(({ state: there }) => there["subnetId"] === subnet),
    );
    for (const { id: eni, state: there } of scope.where(interfaces, { owner: id })) {
      if (kept.some((entry) => entry.id === eni)) scope.put(interfaces, eni, { ...there, groups: after });
      else scope.remove(interfaces, eni);
    }
    for (const mapping of mappingsOf(wanted).filter(({ subnetId }) => missing.includes(text(subnetId)))) {
      attachMapping(scope, "Elastic Load Balancing v2: SetSubnets", id, mapping, wanted);
    }
    return placed(inputs, wanted);
  },
  remove: (scope, id, state) => {
    if (state["enableDeletionProtection"] === true) {
      const what = `Load balancer '${id}' cannot be deleted because deletion protection is enabled`;
      refuse("Elastic Load Balancing v2: DeleteLoadBalancer", "OperationNotPermitted", what);
    }
    for (const { state: there } of scope.where(interfaces, { owner: id })) {
      if (text(there["allocation"]) !== "") dissociate(scope, text(there["allocation"]));
    }
    detach(scope, id);
    for (const listener of scope.where("lb.Listener", { loadBalancerArn: id }))
      scope.remove("lb.Listener", listener.id);
  },
};

function dnsName(
  scope: Scope,
  name: string,
  suffix: string,
  isNetwork: boolean,
  isInternal: boolean,
): string {
  const number = suffix.split("/")[2];
  if (isNetwork) return `${name}-${number}.elb.${scope.region}.amazonaws.com`;
  return `${isInternal ? "internal-" : ""}${name}-${Number.parseInt(number.slice(0, 8), 16)}.${scope.region}.elb.amazonaws.com`;
}

/** customizeDiffLoadBalancerNLB and customizeDiffLoadBalancerALB. */
function replacesBalancer(changed: readonly string[], olds: Values, news: Values): string[] {
  const isNetwork = news["loadBalancerType"] === "network";
  const result: string[] = [];
  const isOpen = (name: string): boolean => isUnknown(news[name]) || texts(news[name]).some(isUnknown);
  if (
    changed.includes("subnetMappings") &&
    !objects(news["subnetMappings"]).some((entry) => Object.values(entry).some(isUnknown))
  ) {
    const before = objects(olds["subnetMappings"]).map(mappingKey);
    const after = objects(news["subnetMappings"]).map(mappingKey);
    const all = before.every((entry) => after.includes(entry));
    const kept = after.every((entry) => before.includes(entry));
    // As many do not replace, although the original means it: ForceNew of a set of blocks is told by their number.
    const shrunk = after.length < before.length && (isNetwork || !kept);
    if (shrunk || (after.length > before.length && !all)) result.push("subnetMappings");
  }
  if (isNetwork && changed.includes("subnets") && !isOpen("subnets")) {
    if (texts(news["subnets"]).length <= texts(olds["subnets"]).length) result.push("subnets");
  }
  if (isNetwork && changed.includes("securityGroups") && !isOpen("securityGroups")) {
    const [before, after] = [texts(olds["securityGroups"]).length, texts(news["securityGroups"]).length];
    if ((before === 0) !== (after === 0)) result.push("securityGroups");
  }
  return result;
}

function mappingKey(mapping: Values): string {
  return ["subnetId", "privateIpv4Address", "allocationId"].map((name) => text(mapping[name])).join(" ");
}

function mappingsOf(inputs: Values): Values[] {
  const mappings = objects(inputs["subnetMappings"]);
  return mappings.length > 0 ? mappings : texts(inputs["subnets"]).map((subnetId) => ({ subnetId }));
}

function subnetsOf(inputs: Values): string[] {
  return mappingsOf(inputs).map(({ subnetId }) => text(subnetId));
}

function place(scope: Scope, call: string, arn: string, inputs: Values): Value {
  const zones = new Set<Value>();
  const mappings = mappingsOf(inputs);
  const subnets = mappings.map(({ subnetId }) => {
    const found = scope.find("ec2.Subnet", subnetId);
    if (!found) refuse(call, "SubnetNotFound", `The subnet ID '${text(subnetId)}' does not exist`);
    return found;
  });
  for (const { availabilityZone = null, vpcId = null } of subnets) {
    if (vpcId !== subnets[0]["vpcId"]) refuse(call, "InvalidSubnet", "Subnets must belong to the same VPC");
    if (zones.has(availabilityZone)) {
      const what = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
      refuse(call, "InvalidConfigurationRequest", what);
    }
    zones.add(availabilityZone);
  }
  if (inputs["loadBalancerType"] === "application" && zones.size < 2) {
    refuse(
      call,
      "ValidationError",
      "At least two subnets in two different Availability Zones must be specified",
    );
  }
  const vpcId = subnets[0]?.["vpcId"] ?? "";
  if (inputs["internal"] !== true && !hasGateway(scope, vpcId)) {
    refuse(call, "InvalidSubnet", `VPC ${text(vpcId)} has no internet gateway`);
  }
  for (const mapping of mappings) attachMapping(scope, call, arn, mapping, inputs);
  return vpcId;
}

function attachMapping(scope: Scope, call: string, arn: string, mapping: Values, inputs: Values): void {
  const groups = texts(inputs["securityGroups"]);
  for (const group of groups) {
    if (!scope.find("ec2.SecurityGroup", group))
      refuse(call, "InvalidSecurityGroup", `One or more security groups are invalid: ${group}`);
  }
  const isInternal = inputs["internal"] === true;
  const allocation = text(mapping["allocationId"]);
  if (isInternal && allocation !== "") {
    refuse(
      call,
      "InvalidConfigurationRequest",
      "Elastic IP addresses cannot be assigned to an internal load balancer",
    );
  }
  if (!isInternal && text(mapping["privateIpv4Address"]) !== "") {
    refuse(
      call,
      "InvalidConfigurationRequest",
      "Private IPv4 addresses can only be specified for internal load balancers",
    );
  }
  const made = attach(scope, {
    call,
    subnetId: text(mapping["subnetId"]),
    groups,
    owner: arn,
    address: text(mapping["privateIpv4Address"]),
    isPublic: !isInternal && allocation === "",
  });
  if (allocation !== "") associate(scope, allocation, made.id, false);
}

/** Both forms stand in the state, whichever was given. */
function placed(inputs: Values, wanted: Values): Values {
  const mappings = mappingsOf(wanted);
  return {
    subnets: subnetsOf(wanted),
    subnetMappings: mappings.map((mapping) => ({ ...mapping, outpostId: "" })),
    securityGroups: texts(inputs["securityGroups"]),
  };
}
