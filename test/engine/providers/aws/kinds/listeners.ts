/** Listeners of load balancers. */
import type { Kind } from "../kind";
import { object, objects, refuse, text, type Scope } from "../scope";
import { isObject, type Value, type Values } from "../../shared/values";

export const listener: Kind = {
  source: "elbv2/listener.go",
  arguments: {
    alpnPolicy: "",
    certificateArn: "",
    defaultActions: "required",
    loadBalancerArn: "required replaces",
    port: "",
    protocol: "computed",
    sslPolicy: "computed",
    tcpIdleTimeoutSeconds: "computed",
  },
  tagged: true,
  outputs: ["arn"],
  create: (scope, inputs) => {
    const call = "Elastic Load Balancing v2: CreateListener";
    const balancer = scope.find("lb.LoadBalancer", inputs["loadBalancerArn"]);
    if (!balancer) refuse(call, "LoadBalancerNotFound", "One or more load balancers not found");
    checkListener(scope, call, balancer, inputs, undefined);
    const suffix = `${text(balancer["arnSuffix"])}/${scope.digits("listener")}`;
    const arn = scope.arn("elasticloadbalancing", `listener/${suffix}`);
    return {
      id: arn,
      attributes: {
        arn,
        protocol: protocolOf(inputs),
        sslPolicy: inputs["sslPolicy"] ?? "",
        tcpIdleTimeoutSeconds: inputs["tcpIdleTimeoutSeconds"] ?? (protocolOf(inputs) === "TCP" ? 350 : null),
        defaultActions: withOrder(inputs["defaultActions"]),
      },
    };
  },
  update: (scope, id, state, inputs) => {
    const balancer = scope.find("lb.LoadBalancer", state["loadBalancerArn"]) ?? {};
    checkListener(scope, "Elastic Load Balancing v2: ModifyListener", balancer, inputs, id);
    return { defaultActions: withOrder(inputs["defaultActions"]) };
  },
};

function protocolOf(inputs: Values): string {
  return text(inputs["protocol"]).toUpperCase() || "HTTP";
}

function withOrder(actions: Value | undefined): Value {
  return objects(actions).map((action, index) => ({ order: index + 1, ...action }));
}

function checkListener(
  scope: Scope,
  call: string,
  balancer: Values,
  inputs: Values,
  id: string | undefined,
): void {
  const { loadBalancerArn = null, port = null } = inputs;
  const protocol = protocolOf(inputs);
  const allowed =
    balancer["loadBalancerType"] === "network" ? ["TCP", "TLS", "UDP", "TCP_UDP"] : ["HTTP", "HTTPS"];
  if (!allowed.includes(protocol)) {
    refuse(call, "ValidationError", `Listener protocol '${protocol}' must be one of '${allowed.join(", ")}'`);
  }
  if (scope.where("lb.Listener", { loadBalancerArn, port }).some((other) => other.id !== id)) {
    refuse(call, "DuplicateListener", "A listener already exists on this port for this load balancer");
  }
  for (const arn of forwards(inputs)) {
    const group = scope.find("lb.TargetGroup", arn);
    if (!group) refuse(call, "TargetGroupNotFound", `One or more target groups not found`);
    if (group["vpcId"] !== balancer["vpcId"]) {
      refuse(
        call,
        "InvalidConfigurationRequest",
        "The target group and the load balancer belong to different VPCs",
      );
    }
    const same = protocol === group["protocol"] || (protocol === "TLS" && group["protocol"] === "TCP");
    if (balancer["loadBalancerType"] === "network" && !same) {
      const what = `Listener protocol '${protocol}' and target group protocol '${text(group["protocol"])}'`;
      refuse(call, "InvalidConfigurationRequest", `${what} are not compatible`);
    }
    const elsewhere = scope
      .all("lb.Listener")
      .some(({ state }) => state["loadBalancerArn"] !== loadBalancerArn && forwards(state).includes(arn));
    if (elsewhere) {
      const what = "The following target groups cannot be associated with more than one load balancer";
      refuse(call, "TargetGroupAssociationLimit", `${what}: ${arn}`);
    }
  }
}

export function forwards(listener: Values): string[] {
  return objects(listener["defaultActions"]).flatMap((action) => {
    const groups = objects(object(action["forward"])["targetGroups"]).map((group) => text(group["arn"]));
    return isObject(action["forward"])
      ? groups
      : [text(action["targetGroupArn"])].filter((arn) => arn !== "");
  });
}
