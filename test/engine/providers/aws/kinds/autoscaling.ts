/** Autoscaling groups: their instances are network interfaces that nothing runs behind. */
import { detach, running } from "../addresses";
import { exactlyOne, notBoth } from "../faults";
import type { Kind } from "../kind";
import { object, objects, refuse, text, texts, type Scope } from "../scope";
import { sameValue, type Values } from "../../shared/values";
import { checkGroup, ownerOf, resolved, scale, waitForCapacity } from "./scaling";

export const group: Kind = {
  source: "autoscaling/group.go",
  arguments: {
    availabilityZones: "computed set",
    availabilityZoneDistribution: "computed",
    capacityRebalance: "",
    defaultCooldown: "computed",
    defaultInstanceWarmup: "",
    desiredCapacity: "computed",
    desiredCapacityType: "",
    enabledMetrics: "set",
    forceDelete: "",
    forceDeleteWarmPool: "",
    healthCheckGracePeriod: "",
    healthCheckType: "computed",
    ignoreFailedScalingActivities: "",
    initialLifecycleHooks: "set replaces",
    instanceMaintenancePolicy: "",
    instanceRefresh: "",
    launchTemplate: "computed",
    maxInstanceLifetime: "",
    maxSize: "required",
    metricsGranularity: "",
    minSize: "required",
    mixedInstancesPolicy: "computed",
    name: "computed replaces",
    namePrefix: "computed replaces",
    protectFromScaleIn: "",
    suspendedProcesses: "set",
    tags: "set",
    targetGroupArns: "computed set",
    terminationPolicies: "",
    vpcZoneIdentifiers: "computed set",
    waitForCapacityTimeout: "",
  },
  defaults: {
    forceDelete: false,
    forceDeleteWarmPool: false,
    healthCheckGracePeriod: 300,
    ignoreFailedScalingActivities: false,
    metricsGranularity: "1Minute",
    protectFromScaleIn: false,
    waitForCapacityTimeout: "10m",
  },
  outputs: ["arn", "predictedCapacity", "warmPoolSize"],
  naming: { argument: "name", longest: 255 },
  refuse: (inputs) => [
    ...exactlyOne(inputs, "launchTemplate", "mixedInstancesPolicy"),
    ...notBoth(inputs, "availabilityZones", "vpcZoneIdentifiers"),
  ],
  create: (scope, inputs) => {
    const call = "Auto Scaling: CreateAutoScalingGroup";
    const name = text(inputs["name"]);
    if (scope.find("autoscaling.Group", name)) {
      const what = "AutoScalingGroup by this name already exists - A group with the name";
      refuse(call, "AlreadyExists", `${what} ${name} already exists`);
    }
    const desired = inputs["desiredCapacity"] ?? inputs["minSize"];
    const state = { ...inputs, desiredCapacity: desired };
    checkGroup(scope, call, state);
    checkRefresh(call, inputs);
    waitForCapacity(scope, name, state, scale(scope, call, name, state), false);
    for (const hook of objects(inputs["initialLifecycleHooks"])) {
      scope.put(initialHooks, `${name}/${text(hook["name"])}`, { ...hook, autoscalingGroupName: name });
    }
    return {
      id: name,
      attributes: {
        arn: scope.arn(
          "autoscaling",
          `autoScalingGroup:${scope.digits("group")}:autoScalingGroupName/${name}`,
        ),
        desiredCapacity: desired ?? null,
        defaultCooldown: inputs["defaultCooldown"] ?? 300,
        healthCheckType: inputs["healthCheckType"] ?? "EC2",
        predictedCapacity: 0,
        warmPoolSize: 0,
        targetGroupArns: inputs["targetGroupArns"] ?? [],
        ...resolved(scope, state),
        _refreshes: 0,
      },
    };
  },
  update: (scope, id, state, given) => {
    const call = "Auto Scaling: UpdateAutoScalingGroup";
    const inputs: Values = { ...given, desiredCapacity: desiredAfter(state, given) };
    checkGroup(scope, call, inputs);
    const changed = ["launchTemplate", "mixedInstancesPolicy"].some(
      (name) => !sameValue(state[name], inputs[name]),
    );
    checkRefresh(call, inputs);
    const failed = scale(scope, call, id, inputs);
    if (["minSize", "desiredCapacity"].some((name) => !sameValue(state[name], given[name])))
      waitForCapacity(
        scope,
        id,
        { ...inputs, desiredCapacity: given["desiredCapacity"] ?? null },
        failed,
        true,
      );
    const asked = objects([inputs["instanceRefresh"] ?? null]).flatMap((refresh) =>
      texts(refresh["triggers"]),
    );
    const triggered = changed || asked.some((name) => !sameValue(state[camel(name)], inputs[camel(name)]));
    const refreshes = Number(state["_refreshes"] ?? 0);
    const starts = triggered && inputs["instanceRefresh"] !== undefined;
    // Where hosts run behind interfaces, whoever runs them replaces one after the other.
    const rolls = starts && scope.controls.hosts === true;
    if (starts && !rolls) {
      // A rolling refresh puts new instances in the place of all.
      detach(scope, ownerOf(id));
      scale(scope, call, id, inputs);
    }
    const { desiredCapacity = 0 } = inputs;
    return {
      ...resolved(scope, inputs),
      desiredCapacity,
      _refreshes: starts ? refreshes + 1 : refreshes,
      ...(rolls ? { _refreshing: true } : {}),
    };
  },
  remove: (scope, id, state, timeout) => {
    // The original scales to nothing first and waits for that within the delete's time (schema: 10 minutes), or forces it
    // (autoscaling/group.go, resourceGroupDelete, drainGroup). Instances end together, each when its drain is done.
    const seconds = scope.controls.drainSeconds ?? 0;
    const left = running(scope, ownerOf(id)).length;
    if (state["forceDelete"] !== true && left > 0 && seconds > (timeout || 600))
      throw new Error(`waiting for Auto Scaling Group (${id}) drain: ${left} instance(s) remaining`);
    detach(scope, ownerOf(id));
    for (const kind of ["autoscaling.LifecycleHook", "autoscaling.Policy", initialHooks]) {
      for (const own of scope.where(kind, { autoscalingGroupName: id })) scope.remove(kind, own.id);
    }
  },
};

/** RefreshPreferences, MaxHealthyPercentage: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html. */
function checkRefresh(call: string, inputs: Values): void {
  const preferences = object(object(inputs["instanceRefresh"])["preferences"]);
  const most = preferences["maxHealthyPercentage"];
  if (most === undefined || most === null) return;
  const least = Number(preferences["minHealthyPercentage"] ?? 90);
  if (Number(most) - least > 100) {
    const what =
      "The difference between MaxHealthyPercentage and MinHealthyPercentage cannot be greater than 100.";
    refuse(call, "ValidationError", what);
  }
}

/**
 * New bounds move the number along where it is not changed itself
 * (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html).
 */
function desiredAfter(state: Values, inputs: Values): number {
  const desired = Number(inputs["desiredCapacity"]);
  if (!sameValue(state["desiredCapacity"], inputs["desiredCapacity"])) return desired;
  return Math.min(Math.max(desired, Number(inputs["minSize"])), Number(inputs["maxSize"]));
}

const initialHooks = "initialLifecycleHook";

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()).replace(/^tag$/, "tags");
}

function needGroup(scope: Scope, call: string, inputs: Values): void {
  if (!scope.find("autoscaling.Group", inputs["autoscalingGroupName"])) {
    refuse(
      call,
      "ValidationError",
      `AutoScalingGroup name not found - ${text(inputs["autoscalingGroupName"])}`,
    );
  }
}

export const lifecycleHook: Kind = {
  source: "autoscaling/lifecycle_hook.go",
  arguments: {
    autoscalingGroupName: "required",
    defaultResult: "computed",
    heartbeatTimeout: "",
    lifecycleTransition: "required",
    name: "required replaces",
    notificationMetadata: "",
    notificationTargetArn: "",
    roleArn: "",
  },
  naming: { argument: "name", longest: 255 },
  create: (scope, inputs) => {
    needGroup(scope, "Auto Scaling: PutLifecycleHook", inputs);
    // The original's id is the name alone, which it looks up in the group of the state; two groups may have hooks of one name.
    const id = `${text(inputs["autoscalingGroupName"])}/${text(inputs["name"])}`;
    return { id, attributes: { defaultResult: inputs["defaultResult"] ?? "ABANDON" } };
  },
  // The original puts it again, so a hook that went with its group is there afterwards (resourceLifecycleHookPut).
  puts: true,
  update: (scope, _, __, inputs) => {
    needGroup(scope, "Auto Scaling: PutLifecycleHook", inputs);
    return {};
  },
};

export const policy: Kind = {
  source: "autoscaling/policy.go",
  arguments: {
    adjustmentType: "",
    autoscalingGroupName: "required replaces",
    cooldown: "",
    enabled: "",
    estimatedInstanceWarmup: "",
    metricAggregationType: "computed",
    minAdjustmentMagnitude: "",
    name: "required replaces",
    policyType: "",
    scalingAdjustment: "",
    stepAdjustments: "set",
    targetTrackingConfiguration: "",
  },
  defaults: { policyType: "SimpleScaling", enabled: true },
  outputs: ["arn"],
  naming: { argument: "name", longest: 255 },
  create: (scope, inputs) => {
    const call = "Auto Scaling: PutScalingPolicy";
    needGroup(scope, call, inputs);
    if (inputs["policyType"] === "TargetTrackingScaling" && !inputs["targetTrackingConfiguration"]) {
      refuse(
        call,
        "ValidationError",
        "TargetTrackingConfiguration is required for policies of type TargetTrackingScaling",
      );
    }
    const name = text(inputs["name"]);
    return {
      id: name,
      attributes: {
        arn: scope.arn("autoscaling", `scalingPolicy:${scope.digits("policy")}:policyName/${name}`),
      },
    };
  },
};
