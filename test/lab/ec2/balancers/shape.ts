/** Network load balancers as the account has them, whether Pulumi or a controller made them. */
import type { AccountData } from "../../../engine/providers/aws/account";
import { forwards } from "../../../engine/providers/aws/kinds/listeners";
import { object, text, texts, written } from "../../../engine/providers/aws/scope";
import type { Values } from "../../../engine/providers/shared/values";
import { instancesOf, objectsOf } from "../account";

/** What a balancer has in one zone. */
export interface BalancerNode {
  /** Of its interface. */
  readonly id: string;
  readonly zone: string;
  readonly address: string;
  /** Empty: an internal balancer. */
  readonly publicAddress: string;
}

export interface HealthCheck {
  readonly protocol: "TCP" | "HTTP" | "HTTPS";
  /** `traffic-port`: that of the target. */
  readonly port: string;
  readonly path: string;
  /** Lowest and highest status that is an answer. */
  readonly statuses: readonly [number, number];
  /** Seconds. */
  readonly interval: number;
  readonly timeout: number;
  /** Answers in a row. */
  readonly healthy: number;
  readonly unhealthy: number;
}

export interface Target {
  readonly instance: string;
  readonly port: number;
}

export interface TargetGroup {
  readonly arn: string;
  readonly preservesClient: boolean;
  readonly crossZone: boolean;
  /** Seconds. */
  readonly deregistrationDelay: number;
  readonly terminates: boolean;
  readonly check: HealthCheck;
  readonly targets: readonly Target[];
}

export interface Listener {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  readonly group: TargetGroup;
}

export interface Balancer {
  readonly arn: string;
  readonly name: string;
  readonly dnsName: string;
  readonly internal: boolean;
  /** None: whoever reaches it is let in (User Guide for Network Load Balancers, "Security groups"). */
  readonly groups: readonly string[];
  readonly nodes: readonly BalancerNode[];
  readonly listeners: readonly Listener[];
}

export const BALANCER = "lb.LoadBalancer";
export const LISTENER = "lb.Listener";
export const GROUP = "lb.TargetGroup";
export const ATTACHMENT = "lb.TargetGroupAttachment";

export function balancersOf(account: AccountData, region: string): Balancer[] {
  return Object.entries(objectsOf(account, BALANCER))
    .filter(([, state]) => state["loadBalancerType"] === "network")
    .map(([arn, state]) => ({
      arn,
      name: text(state["name"]),
      dnsName: text(state["dnsName"]),
      internal: state["internal"] === true,
      groups: texts(state["securityGroups"]),
      nodes: nodesOf(account, arn),
      listeners: listenersOf(account, region, arn, state["enableCrossZoneLoadBalancing"] === true),
    }));
}

function nodesOf(account: AccountData, arn: string): BalancerNode[] {
  return Object.entries(objectsOf(account, "interface"))
    .filter(([, state]) => state["owner"] === arn)
    .map(([id, state]) => {
      const elastic = text(objectsOf(account, "ec2.Eip")[text(state["allocation"])]?.["publicIp"]);
      return {
        id,
        zone: text(objectsOf(account, "ec2.Subnet")[text(state["subnetId"])]?.["availabilityZone"]),
        address: text(state["address"]),
        publicAddress: elastic || text(state["publicAddress"]),
      };
    });
}

function listenersOf(account: AccountData, region: string, arn: string, crossZone: boolean): Listener[] {
  return Object.values(objectsOf(account, LISTENER))
    .filter((state) => state["loadBalancerArn"] === arn)
    .flatMap((state) => {
      const [groupArn = ""] = forwards(state);
      const group = objectsOf(account, GROUP)[groupArn];
      if (group === undefined) return [];
      const protocol = text(state["protocol"]) === "UDP" ? "udp" : "tcp";
      const made = groupOf(account, region, groupArn, group, crossZone);
      return [{ port: Number(state["port"]), protocol, group: made } as const];
    });
}

/** @param crossZone what its balancer says, which its own attribute overrides */
export function groupOf(
  account: AccountData,
  region: string,
  arn: string,
  state: Values,
  crossZone: boolean,
): TargetGroup {
  const own = written(state["loadBalancingCrossZoneEnabled"]);
  return {
    arn,
    // Of UDP it cannot be switched off ("Edit target group attributes", client IP preservation).
    preservesClient: text(state["protocol"]) === "UDP" || written(state["preserveClientIp"]) === "true",
    crossZone: own === "true" || (own !== "false" && crossZone),
    deregistrationDelay: Number(state["deregistrationDelay"] ?? 300),
    terminates: written(state["connectionTermination"]) === "true",
    check: checkOf(object(state["healthCheck"])),
    targets: targetsOf(account, region, arn, Number(state["port"])),
  };
}

function checkOf(state: Values): HealthCheck {
  const [low = "200", high = low] = (text(state["matcher"]) || "200-399").split("-");
  const protocol = text(state["protocol"]);
  return {
    protocol: protocol === "HTTP" || protocol === "HTTPS" ? protocol : "TCP",
    port: written(state["port"]) || "traffic-port",
    path: text(state["path"]) || "/",
    statuses: [Number(low), Number(high)],
    interval: Number(state["interval"] ?? 30),
    timeout: Number(state["timeout"] ?? 10),
    healthy: Number(state["healthyThreshold"] ?? 5),
    unhealthy: Number(state["unhealthyThreshold"] ?? 2),
  };
}

/** Registered one by one, and by Auto Scaling groups that name the target group. */
function targetsOf(account: AccountData, region: string, arn: string, port: number): Target[] {
  const single = Object.values(objectsOf(account, ATTACHMENT))
    .filter((state) => state["targetGroupArn"] === arn)
    .map((state) => ({ instance: text(state["targetId"]), port: Number(state["port"] ?? port) }));
  const groups = Object.entries(objectsOf(account, "autoscaling.Group"))
    .filter(([, state]) => texts(state["targetGroupArns"]).includes(arn))
    .map(([name]) => name);
  const scaled =
    groups.length === 0
      ? []
      : instancesOf(account, region)
          .filter(({ group, ending }) => groups.includes(group) && !ending)
          .map(({ id }) => ({ instance: id, port }));
  return [...single, ...scaled];
}

export function keyOf(target: Target): string {
  return `${target.instance}:${target.port}`;
}
