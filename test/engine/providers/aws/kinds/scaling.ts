/** What an autoscaling group starts: its launch template, and interfaces in its subnets in the place of instances. */
import { attach, end, interfaces, running } from "../addresses";
import { given, object, objects, refuse, text, texts, written, type Scope } from "../scope";
import type { Value, Values } from "../../shared/values";
import { checkLaunch, checkTypeAgainstImage, launchProblem, mappedVolumes, startVolumes } from "./launch";

const OWNER = "autoscaling group ";

/** What the interfaces of a group's instances belong to; the instances have no ids of their own. */
export function ownerOf(name: string): string {
  return `${OWNER}${name}`;
}

/** The group that an interface's owner is; undefined: it is something else. */
export function groupOf(owner: string): string | undefined {
  return owner.startsWith(OWNER) ? owner.slice(OWNER.length) : undefined;
}

interface Template {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly data: Values;
}

function specificationOf(inputs: Values): Values {
  if (inputs["launchTemplate"]) return object(inputs["launchTemplate"]);
  const template = object(object(inputs["mixedInstancesPolicy"])["launchTemplate"]);
  const { launchTemplateId, launchTemplateName, version } = object(template["launchTemplateSpecification"]);
  return { id: launchTemplateId ?? null, name: launchTemplateName ?? null, version: version ?? null };
}

function fullyFormed(call: string, why: string): never {
  return refuse(call, "ValidationError", `You must use a valid fully-formed launch template. ${why}`);
}

function templateOf(scope: Scope, call: string, inputs: Values): Template {
  const asked = specificationOf(inputs);
  const found = scope
    .all("ec2.LaunchTemplate")
    .find(({ id, state }) => id === asked["id"] || state["name"] === asked["name"]);
  if (!found) {
    const which = text(asked["id"]) || text(asked["name"]);
    return fullyFormed(call, `The specified launch template, with template ID ${which}, does not exist.`);
  }
  const version = text(asked["version"]) || "$Default";
  const names: Record<string, Value> = {
    $Default: found.state["defaultVersion"] ?? 1,
    $Latest: found.state["latestVersion"] ?? 1,
  };
  const number = written(names[version] ?? version);
  const data = object(found.state["_versions"])[number];
  if (data === undefined) {
    fullyFormed(
      call,
      `Could not find the specified version ${version} for the launch template with ID ${found.id}.`,
    );
  }
  return { id: found.id, name: text(found.state["name"]), version, data: object(data) };
}

/** Id and name stand in the state, whichever was given. */
export function resolved(scope: Scope, inputs: Values): Values {
  const { id, name, version } = templateOf(scope, "Auto Scaling: DescribeAutoScalingGroups", inputs);
  const zones = texts(inputs["vpcZoneIdentifiers"]).map((subnet) =>
    text(scope.find("ec2.Subnet", subnet)?.["availabilityZone"]),
  );
  const own = { availabilityZones: [...new Set(zones)] };
  if (inputs["launchTemplate"]) return { ...own, launchTemplate: { id, name, version } };
  const policy = object(inputs["mixedInstancesPolicy"]);
  const template = object(policy["launchTemplate"]);
  return {
    ...own,
    mixedInstancesPolicy: {
      ...policy,
      launchTemplate: {
        ...template,
        launchTemplateSpecification: { launchTemplateId: id, launchTemplateName: name, version },
      },
    },
  };
}

export function checkGroup(scope: Scope, call: string, inputs: Values): void {
  const [least, most, desired] = ["minSize", "maxSize", "desiredCapacity"].map((name) =>
    Number(inputs[name] ?? 0),
  );
  if (least > most) {
    refuse(call, "ValidationError", `Min bound, ${least}, must be less than or equal to max bound, ${most}`);
  }
  if (desired < least || desired > most) {
    const what = `Desired capacity:${desired} must be between the specified min size:${least} and max size:${most}`;
    refuse(call, "ValidationError", what);
  }
  const subnets = texts(inputs["vpcZoneIdentifiers"]);
  if (subnets.length === 0)
    refuse(call, "ValidationError", "At least one Availability Zone or VPC Subnet is required.");
  for (const subnet of subnets) {
    if (!scope.find("ec2.Subnet", subnet))
      refuse(call, "ValidationError", `The subnet ID '${subnet}' does not exist`);
  }
  for (const arn of texts(inputs["targetGroupArns"])) {
    if (!scope.find("lb.TargetGroup", arn))
      refuse(call, "ValidationError", `Provided Target Groups may not be valid: ${arn}`);
  }
  checkTemplate(scope, call, inputs);
}

function checkTemplate(scope: Scope, call: string, inputs: Values): void {
  const { data } = templateOf(scope, call, inputs);
  const profile = object(data["iamInstanceProfile"]);
  const mixed = objects(object(object(inputs["mixedInstancesPolicy"])["launchTemplate"])["overrides"]);
  const types = [text(data["instanceType"]), ...mixed.map((entry) => text(entry["instanceType"]))].filter(
    (type) => type !== "",
  );
  try {
    checkLaunch(scope, call, {
      image: text(data["imageId"]),
      instanceType: types[0] ?? "",
      keyName: text(data["keyName"]),
      profile: text(profile["name"]) || text(profile["arn"]),
      userData: text(data["userData"]),
      volumes: mappedVolumes(data),
    });
    for (const type of types) checkTypeAgainstImage(scope, call, type, text(data["imageId"]));
  } catch (error) {
    fullyFormed(call, (error as Error).message.replace(/^.* api error [\w.]+: /, ""));
  }
}

function groupsOf(scope: Scope, data: Values, subnet: string): string[] {
  const own = [
    ...texts(data["vpcSecurityGroupIds"]),
    ...objects(data["networkInterfaces"]).flatMap((entry) => texts(entry["securityGroups"])),
  ];
  if (own.length > 0) return own;
  const vpc = scope.find("ec2.Vpc", scope.find("ec2.Subnet", subnet)?.["vpcId"]);
  return [text(vpc?.["defaultSecurityGroupId"])];
}

/** Starts and ends instances, over the subnets in turn, until there are as many as desired: why those did not start that failed. */
export function scale(scope: Scope, call: string, name: string, inputs: Values): string[] {
  const failed: string[] = [];
  const owner = ownerOf(name);
  const subnets = texts(inputs["vpcZoneIdentifiers"]);
  for (const { id, state } of running(scope, owner)) {
    if (!subnets.includes(text(state["subnetId"]))) end(scope, id);
  }
  const desired = Number(inputs["desiredCapacity"] ?? 0);
  const there = running(scope, owner);
  for (const { id } of there.slice(desired)) end(scope, id);
  const { data } = templateOf(scope, call, inputs);
  for (let number = there.length; number < desired; number++) {
    const subnetId = subnets[number % subnets.length];
    const zone = text(scope.find("ec2.Subnet", subnetId)?.["availabilityZone"]);
    const problem = launchProblem(scope, firstType(data, inputs), zone);
    if (problem) {
      failed.push(`${problem[1]} Launching EC2 instance failed.`);
      continue;
    }
    // Unless the template says so, the subnet does
    // (https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-in-vpc.html, "IP addressing in a VPC").
    const asked = objects(data["networkInterfaces"]).map((entry) => entry["associatePublicIpAddress"]);
    const said = asked.find(given) ?? scope.find("ec2.Subnet", subnetId)?.["mapPublicIpOnLaunch"];
    const isPublic = written(said) === "true";
    const { id: made } = attach(scope, {
      call,
      subnetId,
      groups: groupsOf(scope, data, subnetId),
      owner,
      isPublic,
    });
    scope.put(interfaces, made, {
      ...scope.find(interfaces, made),
      _launch: data,
      // Which refresh it is of: one replaces what was there before it.
      _refresh: Number(scope.find("autoscaling.Group", name)?.["_refreshes"] ?? 0),
      _instanceType: firstType(data, inputs),
      _volumes: startVolumes(scope, call, text(data["imageId"]), mappedVolumes(data)),
    });
  }
  return failed;
}

function firstType(data: Values, inputs: Values): string {
  const [mixed] = objects(object(object(inputs["mixedInstancesPolicy"])["launchTemplate"])["overrides"]);
  return text(mixed?.["instanceType"]) || text(data["instanceType"]);
}

/**
 * autoscaling/group.go, waitGroupCapacitySatisfied: with a timeout the provider waits for as many instances in service as are wanted,
 * at an update for exactly as many (`capacitySatisfiedUpdate`), and ends at the first activity that failed unless
 * `ignore_failed_scaling_activities`. Here nobody else changes the number, so what is not there will not come.
 */
export function waitForCapacity(
  scope: Scope,
  name: string,
  inputs: Values,
  failed: readonly string[],
  exactly: boolean,
): void {
  if (text(inputs["waitForCapacityTimeout"]) === "0" || text(inputs["waitForCapacityTimeout"]) === "0s")
    return;
  const waiting = `waiting for Auto Scaling Group (${name}) capacity satisfied`;
  const [first] = failed;
  if (first !== undefined && inputs["ignoreFailedScalingActivities"] !== true)
    throw new Error(`${waiting}: scaling activity: Failed: ${first}`);
  const wanted = Number(inputs["desiredCapacity"] ?? inputs["minSize"] ?? 0);
  const there = running(scope, ownerOf(name)).length;
  if (there >= wanted && !(exactly && there > wanted)) return;
  const word = exactly ? "exactly" : "at least";
  throw new Error(
    `${waiting}: timeout while waiting for state to become 'ok': want ${word} ${wanted} healthy instance(s) in Auto Scaling Group, have ${there}`,
  );
}
