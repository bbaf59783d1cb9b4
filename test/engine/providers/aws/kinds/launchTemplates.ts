/** Launch templates: versions of what an instance is started with. */
import { base64, matches, notBoth } from "../faults";
import type { Kind } from "../kind";
import { object, objects, refuse, text, texts } from "../scope";
import { sameValue, type Values } from "../../shared/values";
import { checkUserData } from "./launch";

/** What a version is made of; the rest belongs to the template itself. */
const versioned = {
  blockDeviceMappings: "",
  capacityReservationSpecification: "",
  cpuOptions: "",
  creditSpecification: "",
  description: "",
  disableApiStop: "",
  disableApiTermination: "",
  ebsOptimized: "",
  iamInstanceProfile: "",
  imageId: "",
  instanceInitiatedShutdownBehavior: "",
  instanceMarketOptions: "",
  instanceType: "",
  keyName: "",
  maintenanceOptions: "",
  metadataOptions: "computed",
  monitoring: "",
  networkInterfaces: "",
  placement: "",
  privateDnsNameOptions: "",
  tagSpecifications: "",
  userData: "",
  vpcSecurityGroupIds: "set",
};

export const launchTemplate: Kind = {
  source: "ec2/ec2_launch_template.go",
  arguments: {
    ...versioned,
    name: "computed replaces",
    namePrefix: "computed replaces",
    defaultVersion: "computed",
    updateDefaultVersion: "",
  },
  tagged: true,
  outputs: ["arn", "latestVersion"],
  naming: { argument: "name", longest: 255 },
  refuse: (inputs) => [
    ...matches(
      inputs,
      "name",
      /^[0-9A-Za-z_().\-/]+$/,
      "can only contain alphanumeric characters, hyphens, underscores, dots, slashes and parentheses",
    ),
    ...notBoth(inputs, "defaultVersion", "updateDefaultVersion"),
    ...base64(inputs, "userData"),
    ...(objects(inputs["networkInterfaces"]).length > 0 && texts(inputs["vpcSecurityGroupIds"]).length > 0
      ? [
          {
            property: "vpcSecurityGroupIds",
            reason:
              "Network interfaces and an instance-level security groups may not be specified on the same request",
          },
        ]
      : []),
  ],
  // Both look at every changed argument, tags as well: the plan of a changed tag shows a version that then stays.
  recomputed: (changed, news) => {
    const own = ["name", "namePrefix", "description"];
    const any = changed.some((name) => !own.includes(name));
    const version = changed.some(
      (name) => ![...own, "defaultVersion", "updateDefaultVersion"].includes(name),
    );
    return [
      ...(any && news["updateDefaultVersion"] === true ? ["defaultVersion"] : []),
      ...(version ? ["latestVersion"] : []),
    ];
  },
  create: (scope, inputs) => {
    const call = "EC2: CreateLaunchTemplate";
    const name = text(inputs["name"]);
    if (scope.where("ec2.LaunchTemplate", { name }).length > 0) {
      const what = "Launch template name already in use.";
      refuse(call, "InvalidLaunchTemplateName.AlreadyExistsException", what);
    }
    checkUserData(call, text(inputs["userData"]));
    const id = scope.newId("lt");
    return {
      id,
      attributes: {
        arn: scope.arn("ec2", `launch-template/${id}`),
        latestVersion: 1,
        defaultVersion: 1,
        metadataOptions: object(inputs["metadataOptions"]),
        _versions: { "1": dataOf(inputs) },
      },
    };
  },
  update: (_, id, state, inputs) => {
    const versions = object(state["_versions"]);
    const latest = Number(state["latestVersion"]);
    const isNew = !sameValue(versions[String(latest)], dataOf(inputs));
    const now = isNew ? latest + 1 : latest;
    if (isNew) checkUserData("EC2: CreateLaunchTemplateVersion", text(inputs["userData"]));
    const asked = inputs["updateDefaultVersion"] === true ? now : Number(inputs["defaultVersion"]);
    if (asked > now) {
      const what = `Could not find the specified version ${asked} for the launch template with ID ${id}.`;
      refuse("EC2: ModifyLaunchTemplate", "InvalidLaunchTemplateId.VersionNotFound", what);
    }
    return {
      latestVersion: now,
      defaultVersion: asked,
      _versions: isNew ? { ...versions, [String(now)]: dataOf(inputs) } : versions,
    };
  },
};

function dataOf(inputs: Values): Values {
  const entries = Object.keys(versioned)
    .filter((name) => inputs[name] !== undefined)
    .map((name) => [name, inputs[name]] as const);
  return Object.fromEntries(entries);
}
