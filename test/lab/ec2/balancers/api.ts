/**
 * Elastic Load Balancing's actions that the cloud controller manager calls, in the query protocol (API Reference, version
 * 2015-12-01). What it makes is in the account beside what Pulumi makes, under the rules of the engine's stand-in. An action that makes
 * or changes something is judged by the tags of the request or of the thing (Service Authorization Reference).
 */
import { readAccount, withAccount, type AccountData } from "../../../engine/providers/aws/account";
import { kindOf } from "../../../engine/providers/aws/kinds";
import { forwards } from "../../../engine/providers/aws/kinds/listeners";
import { attachmentId } from "../../../engine/providers/aws/kinds/targetGroups";
import { Scope, object, text, texts, written } from "../../../engine/providers/aws/scope";
import type { Values } from "../../../engine/providers/shared/values";
import { objectsOf, tagsOf } from "../account";
import { element, escaped, numbered, tagKeys, type Params } from "../ec2Api";
import { Refusal } from "../refusal";
import type { Allow } from "../services";
import type { Balancers, TargetState } from "./balancers";
import { ATTACHMENT, BALANCER, GROUP, LISTENER, groupOf, keyOf } from "./shape";

export interface Elb {
  readonly region: string;
  readonly accountFile: string;
  readonly balancers: Balancers;
}

const TYPES = {
  [BALANCER]: "aws:lb/loadBalancer:LoadBalancer",
  [LISTENER]: "aws:lb/listener:Listener",
  [GROUP]: "aws:lb/targetGroup:TargetGroup",
} as const;
type Made = keyof typeof TYPES;

/**
 * @param allow refuses what the caller's role does not allow
 * @param allowTagging the same for AddTags, which a call that makes something with tags is authorized for besides
 */
export function elb(
  elbOf: Elb,
  account: AccountData,
  action: string,
  params: Params,
  allow: Allow,
  allowTagging: Allow,
): string {
  const making = (kind: Made, resource: string, inputs: Values): [string, Values] => {
    const tags = tagsIn(params);
    allow(resource, requestKeys(tags));
    allowTagging("*", { ...requestKeys(tags), "elasticloadbalancing:CreateAction": action });
    return inAccount(elbOf, (scope) => make(scope, kind, { ...inputs, tags, tagsAll: tags }));
  };
  const changing = (kind: Made, arn: string): Values => {
    const found = objectsOf(account, kind)[arn];
    allow(arn, tagKeys(tagsOf(found?.["tagsAll"])));
    if (found === undefined) throw notFound(kind, arn);
    return found;
  };
  const param = (name: string): string => params[name] ?? "";
  switch (action) {
    case "DescribeLoadBalancers": {
      allow("*");
      return list("LoadBalancers", chosen(account, BALANCER, params, "LoadBalancerArns"), (arn, state) =>
        balancerXml(account, arn, state),
      );
    }
    case "DescribeTags": {
      allow("*");
      const described = numbered(params, "ResourceArns.member").map((arn) => {
        const kind = ([BALANCER, GROUP, LISTENER] as const).find((one) => arn in objectsOf(account, one));
        if (kind === undefined) throw notFound(BALANCER, arn);
        const pairs = Object.entries(tagsOf(objectsOf(account, kind)[arn]?.["tagsAll"])).map(([key, value]) =>
          element("member", element("Key", escaped(key)) + element("Value", escaped(value))),
        );
        return element("member", element("ResourceArn", arn) + element("Tags", pairs.join("")));
      });
      return element("TagDescriptions", described.join(""));
    }
    case "CreateLoadBalancer": {
      const arn = `arn:aws:elasticloadbalancing:${elbOf.region}:*:loadbalancer/net/${param("Name")}/*`;
      const mappings = members(params, "SubnetMappings").map((one) => ({
        subnetId: one["SubnetId"] ?? "",
        ...(one["AllocationId"] === undefined ? {} : { allocationId: one["AllocationId"] }),
        ...(one["PrivateIPv4Address"] === undefined ? {} : { privateIpv4Address: one["PrivateIPv4Address"] }),
      }));
      const [id, state] = making(BALANCER, arn, {
        name: param("Name"),
        loadBalancerType: param("Type"),
        internal: param("Scheme") === "internal",
        subnetMappings: mappings,
        securityGroups: numbered(params, "SecurityGroups.member"),
      });
      return `<LoadBalancers><member>${balancerXml(account, id, state)}</member></LoadBalancers>`;
    }
    case "DeleteLoadBalancer": {
      const arn = param("LoadBalancerArn");
      changing(BALANCER, arn);
      inAccount(elbOf, (scope) => remove(scope, BALANCER, arn));
      return "";
    }
    case "DescribeLoadBalancerAttributes": {
      allow("*");
      const state = objectsOf(account, BALANCER)[param("LoadBalancerArn")];
      if (state === undefined) throw notFound(BALANCER, param("LoadBalancerArn"));
      return attributesXml(balancerAttributes(state));
    }
    case "ModifyLoadBalancerAttributes": {
      const arn = param("LoadBalancerArn");
      changing(BALANCER, arn);
      return attributesXml(
        inAccount(elbOf, (scope) => {
          const change = named(params, {
            "load_balancing.cross_zone.enabled": (value) => [
              "enableCrossZoneLoadBalancing",
              value === "true",
            ],
            "access_logs.s3.enabled": () => undefined,
          });
          const state = { ...scope.find(BALANCER, arn), ...change };
          scope.put(BALANCER, arn, state);
          return balancerAttributes(state);
        }),
      );
    }
    case "DescribeTargetGroups": {
      allow("*");
      return list("TargetGroups", targetGroupsOf(account, params), (arn, state) =>
        groupXml(account, arn, state),
      );
    }
    case "CreateTargetGroup": {
      const arn = `arn:aws:elasticloadbalancing:${elbOf.region}:*:targetgroup/${param("Name")}/*`;
      const [id, state] = making(GROUP, arn, {
        name: param("Name"),
        port: Number(param("Port")),
        protocol: param("Protocol"),
        vpcId: param("VpcId"),
        targetType: param("TargetType") || "instance",
        healthCheck: checkIn(params),
      });
      return `<TargetGroups><member>${groupXml(account, id, state)}</member></TargetGroups>`;
    }
    case "ModifyTargetGroup": {
      const arn = param("TargetGroupArn");
      changing(GROUP, arn);
      const state = inAccount(elbOf, (scope) => {
        const before = scope.find(GROUP, arn) ?? {};
        const next = { ...before, healthCheck: { ...object(before["healthCheck"]), ...checkIn(params) } };
        scope.put(GROUP, arn, next);
        return next;
      });
      return `<TargetGroups><member>${groupXml(account, arn, state)}</member></TargetGroups>`;
    }
    case "DeleteTargetGroup": {
      const arn = param("TargetGroupArn");
      changing(GROUP, arn);
      inAccount(elbOf, (scope) => remove(scope, GROUP, arn));
      return "";
    }
    case "DescribeTargetGroupAttributes": {
      allow("*");
      const state = objectsOf(account, GROUP)[param("TargetGroupArn")];
      if (state === undefined) throw notFound(GROUP, param("TargetGroupArn"));
      return attributesXml(groupAttributes(state));
    }
    case "ModifyTargetGroupAttributes": {
      const arn = param("TargetGroupArn");
      changing(GROUP, arn);
      return attributesXml(
        inAccount(elbOf, (scope) => {
          const state = { ...scope.find(GROUP, arn), ...named(params, GROUP_ATTRIBUTES) };
          scope.put(GROUP, arn, state);
          return groupAttributes(state);
        }),
      );
    }
    case "RegisterTargets":
    case "DeregisterTargets": {
      const arn = param("TargetGroupArn");
      const group = changing(GROUP, arn);
      const targets = members(params, "Targets").map((one) => ({
        targetId: one["Id"] ?? "",
        port: Number(one["Port"] ?? group["port"]),
      }));
      inAccount(elbOf, (scope) => {
        for (const target of targets) {
          const key = { targetGroupArn: arn, ...target };
          if (action === "DeregisterTargets") {
            for (const { id } of scope.where(ATTACHMENT, key)) scope.remove(ATTACHMENT, id);
          } else if (scope.where(ATTACHMENT, key).length === 0)
            scope.put(ATTACHMENT, attachmentId(arn, target.targetId, target.port), key);
        }
      });
      elbOf.balancers.see(readAccount(elbOf.accountFile));
      return "";
    }
    case "DescribeTargetHealth": {
      allow("*");
      const arn = param("TargetGroupArn");
      const state = objectsOf(account, GROUP)[arn];
      if (state === undefined) throw notFound(GROUP, arn);
      const group = groupOf(account, elbOf.region, arn, state, false);
      const known = elbOf.balancers.health(group);
      const asked = members(params, "Targets").map((one) => ({
        instance: one["Id"] ?? "",
        port: Number(one["Port"] ?? state["port"]),
      }));
      const told =
        asked.length === 0
          ? known
          : asked.map(
              (target) =>
                known.find((one) => keyOf(one.target) === keyOf(target)) ?? { target, state: undefined },
            );
      const items = told.map(({ target, state: health }) => {
        const description = [
          element("Target", `${element("Id", target.instance)}${element("Port", String(target.port))}`),
          element("TargetHealth", healthXml(health)),
        ];
        return element("member", description.join(""));
      });
      return element("TargetHealthDescriptions", items.join(""));
    }
    case "DescribeListeners": {
      allow("*");
      const arn = param("LoadBalancerArn");
      const all = Object.entries(objectsOf(account, LISTENER));
      const found = all.filter(([, state]) => state["loadBalancerArn"] === arn);
      return list("Listeners", found, listenerXml);
    }
    case "CreateListener": {
      const [id, state] = making(LISTENER, param("LoadBalancerArn"), {
        loadBalancerArn: param("LoadBalancerArn"),
        port: Number(param("Port")),
        protocol: param("Protocol"),
        defaultActions: actionsIn(params),
      });
      return `<Listeners><member>${listenerXml(id, state)}</member></Listeners>`;
    }
    case "ModifyListener": {
      const arn = param("ListenerArn");
      changing(LISTENER, arn);
      const state = inAccount(elbOf, (scope) => {
        const next = { ...scope.find(LISTENER, arn), defaultActions: actionsIn(params) };
        scope.put(LISTENER, arn, next);
        return next;
      });
      return `<Listeners><member>${listenerXml(arn, state)}</member></Listeners>`;
    }
    case "DeleteListener": {
      const arn = param("ListenerArn");
      changing(LISTENER, arn);
      inAccount(elbOf, (scope) => scope.remove(LISTENER, arn));
      return "";
    }
    default:
      throw new Refusal(400, "InvalidAction", action);
  }
}

/** Makes something as the engine's stand-in does, by the same rules. */
function make(scope: Scope, kindName: Made, given: Values): [string, Values] {
  const { kind } = kindOf(TYPES[kindName]);
  const inputs = { ...kind.defaults, ...given };
  const { id, attributes = {} } = kind.create(scope, inputs);
  const state = { ...inputs, region: scope.region, ...attributes };
  scope.put(kindName, id, state);
  return [id, state];
}

function remove(scope: Scope, kindName: Made, id: string): void {
  const state = scope.find(kindName, id);
  if (state === undefined) return;
  kindOf(TYPES[kindName]).kind.remove?.(scope, id, state, 0);
  scope.remove(kindName, id);
}

/** What the stand-in refuses is refused here with its code. */
export function inAccount<T>(
  { accountFile, region }: Pick<Elb, "accountFile" | "region">,
  work: (scope: Scope) => T,
): T {
  try {
    return withAccount(accountFile, (data) => work(new Scope(data, region)));
  } catch (error) {
    const [, code, message] = /api error ([\w.]+): (.*)$/s.exec((error as Error).message) ?? [];
    if (code === undefined || message === undefined) throw error;
    throw new Refusal(400, code, message);
  }
}

function notFound(kind: Made, arn: string): Refusal {
  const words = { [BALANCER]: "LoadBalancer", [LISTENER]: "Listener", [GROUP]: "TargetGroup" };
  return new Refusal(400, `${words[kind]}NotFound`, `'${arn}' not found`);
}

/** `Prefix.member.1.Name` by name, one object a number. */
function members(params: Params, prefix: string): Record<string, string>[] {
  const found: Record<string, string>[] = [];
  for (const [key, value] of Object.entries(params)) {
    const [, number, name] = new RegExp(`^${prefix}[.]member[.](\\d+)[.](\\w+)$`).exec(key) ?? [];
    if (number !== undefined && name !== undefined) (found[Number(number) - 1] ??= {})[name] = value;
  }
  return found;
}

export function tagsIn(params: Params): Record<string, string> {
  const pairs = members(params, "Tags").map(({ Key = "", Value = "" }) => [Key, Value] as const);
  return Object.fromEntries(pairs);
}

export function requestKeys(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value]));
}

function checkIn(params: Params): Values {
  const names = {
    HealthCheckProtocol: "protocol",
    HealthCheckPort: "port",
    HealthCheckPath: "path",
    HealthCheckIntervalSeconds: "interval",
    HealthCheckTimeoutSeconds: "timeout",
    HealthyThresholdCount: "healthyThreshold",
    UnhealthyThresholdCount: "unhealthyThreshold",
  };
  const given = Object.entries(names).flatMap(([param, name]) => {
    const value = params[param];
    if (value === undefined) return [];
    return [[name, /Seconds|Count/.test(param) ? Number(value) : value] as const];
  });
  return Object.fromEntries(given);
}

function actionsIn(params: Params): Values[] {
  return members(params, "DefaultActions").map((one) => ({
    type: one["Type"] ?? "",
    targetGroupArn: one["TargetGroupArn"] ?? "",
  }));
}

/** By arns, by names, or all; a name that nothing has is an error. */
function chosen(account: AccountData, kind: Made, params: Params, arns: string): [string, Values][] {
  const all = Object.entries(objectsOf(account, kind));
  const [ids, names] = [numbered(params, `${arns}.member`), numbered(params, "Names.member")];
  const found = all.filter(
    ([arn, state]) =>
      ids.includes(arn) || names.includes(text(state["name"])) || ids.length + names.length === 0,
  );
  if (found.length < ids.length + names.length) throw notFound(kind, [...ids, ...names].join(", "));
  return found;
}

function targetGroupsOf(account: AccountData, params: Params): [string, Values][] {
  const balancer = params["LoadBalancerArn"];
  if (balancer === undefined) return chosen(account, GROUP, params, "TargetGroupArns");
  return Object.entries(objectsOf(account, GROUP)).filter(([arn]) =>
    balancersOfGroup(account, arn).includes(balancer),
  );
}

function balancersOfGroup(account: AccountData, arn: string): string[] {
  return Object.values(objectsOf(account, LISTENER))
    .filter((state) => forwards(state).includes(arn))
    .map((state) => text(state["loadBalancerArn"]));
}

function list(
  name: string,
  found: readonly [string, Values][],
  xml: (id: string, state: Values) => string,
): string {
  return element(name, found.map(([id, state]) => element("member", xml(id, state))).join(""));
}

function balancerXml(account: AccountData, arn: string, state: Values): string {
  const zones = texts(state["subnets"]).map((subnet) => {
    const zone = text(objectsOf(account, "ec2.Subnet")[subnet]?.["availabilityZone"]);
    return element("member", element("ZoneName", zone) + element("SubnetId", subnet));
  });
  const groups = texts(state["securityGroups"]).map((group) => element("member", group));
  return [
    element("LoadBalancerArn", arn),
    element("DNSName", text(state["dnsName"])),
    element("LoadBalancerName", text(state["name"])),
    element("Scheme", state["internal"] === true ? "internal" : "internet-facing"),
    element("VpcId", text(state["vpcId"])),
    element("State", element("Code", "active")),
    element("Type", text(state["loadBalancerType"])),
    element("AvailabilityZones", zones.join("")),
    element("SecurityGroups", groups.join("")),
    element("IpAddressType", "ipv4"),
  ].join("");
}

function groupXml(account: AccountData, arn: string, state: Values): string {
  const check = object(state["healthCheck"]);
  const balancers = balancersOfGroup(account, arn).map((balancer) => element("member", balancer));
  return [
    element("TargetGroupArn", arn),
    element("TargetGroupName", text(state["name"])),
    element("Protocol", text(state["protocol"])),
    element("Port", written(state["port"])),
    element("VpcId", text(state["vpcId"])),
    element("HealthCheckProtocol", text(check["protocol"])),
    element("HealthCheckPort", written(check["port"])),
    element("HealthCheckIntervalSeconds", written(check["interval"])),
    element("HealthCheckTimeoutSeconds", written(check["timeout"])),
    element("HealthyThresholdCount", written(check["healthyThreshold"])),
    element("UnhealthyThresholdCount", written(check["unhealthyThreshold"])),
    text(check["path"]) === "" ? "" : element("HealthCheckPath", escaped(text(check["path"]))),
    element("LoadBalancerArns", balancers.join("")),
    element("TargetType", text(state["targetType"])),
  ].join("");
}

function listenerXml(arn: string, state: Values): string {
  const actions = forwards(state).map((group) =>
    element("member", element("Type", "forward") + element("TargetGroupArn", group)),
  );
  return [
    element("ListenerArn", arn),
    element("LoadBalancerArn", text(state["loadBalancerArn"])),
    element("Port", written(state["port"])),
    element("Protocol", text(state["protocol"])),
    element("DefaultActions", actions.join("")),
  ].join("");
}

/** API Reference, TargetHealth: a reason where the state is not healthy. @param state undefined: it is not registered */
function healthXml(state: TargetState | undefined): string {
  if (state === undefined) return element("State", "unused") + element("Reason", "Target.NotRegistered");
  const reasons: Partial<Record<TargetState, string>> = {
    initial: "Elb.InitialHealthChecking",
    unhealthy: "Target.FailedHealthChecks",
    draining: "Target.DeregistrationInProgress",
    unused: "Target.NotInUse",
  };
  return element("State", state) + element("Reason", reasons[state]);
}

function balancerAttributes(state: Values): Record<string, string> {
  return {
    "load_balancing.cross_zone.enabled": String(state["enableCrossZoneLoadBalancing"] === true),
    "deletion_protection.enabled": String(state["enableDeletionProtection"] === true),
    "access_logs.s3.enabled": "false",
  };
}

function groupAttributes(state: Values): Record<string, string> {
  return {
    "preserve_client_ip.enabled": written(state["preserveClientIp"]),
    "proxy_protocol_v2.enabled": String(state["proxyProtocolV2"] === true),
    "deregistration_delay.timeout_seconds": written(state["deregistrationDelay"]),
    "deregistration_delay.connection_termination.enabled": String(state["connectionTermination"] === true),
  };
}

function attributesXml(attributes: Readonly<Record<string, string>>): string {
  const items = Object.entries(attributes).map(([key, value]) =>
    element("member", element("Key", key) + element("Value", value)),
  );
  return element("Attributes", items.join(""));
}

type Naming = Readonly<Record<string, (value: string) => readonly [string, Values[string]] | undefined>>;

const GROUP_ATTRIBUTES: Naming = {
  "preserve_client_ip.enabled": (value) => ["preserveClientIp", value],
  "deregistration_delay.timeout_seconds": (value) => ["deregistrationDelay", Number(value)],
  "deregistration_delay.connection_termination.enabled": (value) => [
    "connectionTermination",
    value === "true",
  ],
};

/** The attributes of a call by the names that the account has for them; others are refused. */
function named(params: Params, names: Naming): Values {
  const entries = members(params, "Attributes").flatMap(({ Key = "", Value = "" }) => {
    const name = names[Key];
    if (name === undefined) throw new Refusal(400, "ValidationError", `Attribute '${Key}' is not simulated`);
    const entry = name(Value);
    return entry === undefined ? [] : [entry];
  });
  return Object.fromEntries(entries);
}
