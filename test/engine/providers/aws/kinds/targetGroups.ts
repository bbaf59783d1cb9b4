/** Target groups, and what is registered with them. */
import { network, numberOf } from "../addresses";
import { matches } from "../faults";
import type { Kind } from "../kind";
import { given, object, refuse, text, written, type Scope } from "../scope";
import type { CheckFailure } from "../../shared/provider";
import { sameValue, type Value, type Values } from "../../shared/values";
import { forwards } from "./listeners";
import { balancerName } from "./loadBalancers";

const healthDefaults: Values = {
  enabled: true,
  healthyThreshold: 3,
  interval: 30,
  port: "traffic-port",
  protocol: "HTTP",
  unhealthyThreshold: 3,
};

export const targetGroup: Kind = {
  source: "elbv2/target_group.go",
  arguments: {
    connectionTermination: "computed",
    deregistrationDelay: "",
    healthCheck: "computed",
    ipAddressType: "computed replaces",
    loadBalancingCrossZoneEnabled: "computed",
    name: "computed replaces",
    namePrefix: "computed replaces",
    port: "replaces",
    preserveClientIp: "computed",
    protocol: "replaces",
    protocolVersion: "computed replaces",
    proxyProtocolV2: "",
    slowStart: "",
    stickiness: "computed",
    targetHealthStates: "computed",
    targetType: "replaces",
    vpcId: "replaces",
  },
  defaults: { deregistrationDelay: 300, proxyProtocolV2: false, slowStart: 0, targetType: "instance" },
  tagged: true,
  outputs: ["arn", "arnSuffix", "loadBalancerArns"],
  naming: { argument: "name", longest: 32 },
  refuse: refuseGroup,
  create: (scope, inputs) => {
    const call = "Elastic Load Balancing v2: CreateTargetGroup";
    const name = text(inputs["name"]);
    if (scope.where("lb.TargetGroup", { name }).length > 0) {
      refuse(call, "DuplicateTargetGroupName", `ELBv2 Target Group (${name}) already exists`);
    }
    if (!scope.find("ec2.Vpc", inputs["vpcId"])) {
      refuse(call, "ValidationError", `The VPC ID '${text(inputs["vpcId"])}' is not found`);
    }
    checkHealth(call, inputs);
    const suffix = `targetgroup/${name}/${scope.digits("targets")}`;
    const arn = scope.arn("elasticloadbalancing", suffix);
    const isTcp = ["TCP", "TLS", "UDP", "TCP_UDP"].includes(text(inputs["protocol"]));
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
    const preserved =
      isTcp && (inputs["targetType"] === "instance" || text(inputs["protocol"]).includes("UDP"));
    return {
      id: arn,
      attributes: {
        arn,
        arnSuffix: suffix,
        ipAddressType: "ipv4",
        connectionTermination: inputs["connectionTermination"] ?? false,
        preserveClientIp: written(inputs["preserveClientIp"] ?? preserved),
        protocolVersion: inputs["protocolVersion"] ?? (isTcp ? "" : "HTTP1"),
        loadBalancingCrossZoneEnabled:
          inputs["loadBalancingCrossZoneEnabled"] ?? "use_load_balancer_configuration",
        healthCheck: {
          ...healthDefaults,
          timeout: 10,
          matcher: "",
          path: "",
          ...object(inputs["healthCheck"]),
        },
      },
    };
  },
  update: (_, __, state, inputs) => {
    if (!sameValue(state["healthCheck"], inputs["healthCheck"])) {
      checkHealth("Elastic Load Balancing v2: ModifyTargetGroup", inputs);
    }
    return { preserveClientIp: written(inputs["preserveClientIp"] ?? false) };
  },
  read: (scope, id) => ({ loadBalancerArns: balancersOf(scope, id) }),
  remove: (scope, id) => {
    if (balancersOf(scope, id).length > 0) {
      const what = `Target group '${id}' is currently in use by a listener or a rule`;
      refuse("Elastic Load Balancing v2: DeleteTargetGroup", "ResourceInUse", what);
    }
    for (const own of scope.where("lb.TargetGroupAttachment", { targetGroupArn: id })) {
      scope.remove("lb.TargetGroupAttachment", own.id);
    }
  },
};

function balancersOf(scope: Scope, arn: string): string[] {
  const used = scope.all("lb.Listener").filter(({ state }) => forwards(state).includes(arn));
  return [...new Set(used.map(({ state }) => text(state["loadBalancerArn"])))];
}

function refuseGroup(inputs: Values): CheckFailure[] {
  const needed = inputs["targetType"] === "lambda" ? [] : ["port", "protocol", "vpcId"];
  const health = object(inputs["healthCheck"]);
  return [
    ...needed
      .filter((name) => !given(inputs[name]))
      .map((property) => ({
        property,
        reason: `Attribute "${property}" must be specified when "target_type" is not "lambda"`,
      })),
    ...matches(inputs, "name", balancerName, "may only contain letters, digits and hyphens, not at its ends"),
    ...matches(health, "path", /^\//, "must begin with /"),
    // CustomizeDiff: resourceTargetGroupCustomizeDiff.
    ...["matcher", "path"]
      .filter((name) => health["protocol"] === "TCP" && given(health[name]) && health[name] !== "")
      .map((name) => ({
        property: `healthCheck.${name}`,
        reason: `healthCheck.${name} cannot be specified when healthCheck.protocol is "TCP"`,
      })),
    ...(["HTTP", "HTTPS"].includes(text(inputs["protocol"])) && health["protocol"] === "TCP"
      ? [
          {
            property: "healthCheck.protocol",
            reason: `healthCheck.protocol cannot be "TCP" when protocol is "${text(inputs["protocol"])}"`,
          },
        ]
      : []),
  ];
}

function checkHealth(call: string, inputs: Values): void {
  const health = object(inputs["healthCheck"]);
  const { interval = 30, timeout = 10, protocol, path } = health;
  if (Number(timeout) > Number(interval)) {
    refuse(call, "ValidationError", "Health check interval must be greater than the timeout");
  }
  if (protocol === "TCP" && text(path) !== "") {
    refuse(
      call,
      "InvalidConfigurationRequest",
      "Health check path cannot be set for health checks of protocol TCP",
    );
  }
}

export const targetGroupAttachment: Kind = {
  source: "elbv2/target_group_attachment.go",
  arguments: {
    availabilityZone: "replaces",
    port: "replaces",
    targetGroupArn: "required replaces",
    targetId: "required replaces",
  },
  create: (scope, inputs) => {
    const call = "Elastic Load Balancing v2: RegisterTargets";
    const arn = text(inputs["targetGroupArn"]);
    const group = scope.find("lb.TargetGroup", arn);
    if (!group) refuse(call, "TargetGroupNotFound", `Target groups '${arn}' not found`);
    const target = text(inputs["targetId"]);
    if (group["targetType"] === "instance") {
      const found = scope.find("ec2.Instance", target);
      if (!found) {
        const what = `The following targets are not in a running state and cannot be registered: '${target}'`;
        refuse(call, "InvalidTarget", what);
      }
      if (scope.find("ec2.Subnet", found["subnetId"])?.["vpcId"] !== group["vpcId"]) {
        refuse(call, "InvalidTarget", `The following targets are not in the target group VPC: '${target}'`);
      }
    }
    if (group["targetType"] === "ip") checkAddress(scope, call, group, inputs);
    return { id: attachmentId(arn, target, inputs["port"] ?? group["port"]) };
  },
};

/** By what is registered: whoever takes it out and registers it again brings the same one back. */
export function attachmentId(groupArn: string, target: string, port: Value | undefined): string {
  return `${groupArn}-${target}-${written(port)}`;
}

function checkAddress(scope: Scope, call: string, group: Values, inputs: Values): void {
  const target = text(inputs["targetId"]);
  const range = network(text(scope.find("ec2.Vpc", group["vpcId"])?.["cidrBlock"]));
  const value = network(`${target}/32`) ? numberOf(target) : -1;
  const inside = range !== undefined && value >= range.first && value <= range.last;
  if (!inside && inputs["availabilityZone"] !== "all") {
    refuse(
      call,
      "InvalidTarget",
      `The IP address '${target}' is not within the VPC; use availability zone 'all'`,
    );
  }
}
