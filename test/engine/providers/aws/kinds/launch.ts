/** What EC2 looks at when an instance is started, by itself or out of a launch template. */
import { createHash } from "node:crypto";
import { interfaces } from "../addresses";
import { architectureOf, imageOf, publicParameter, standardVcpus, type Architecture } from "../catalogue";
import type { OwnImage } from "../account";
import { object, objects, refuse, text, written, type Scope } from "../scope";
import type { Value, Values } from "../../shared/values";

export interface Launch {
  readonly image: string;
  readonly instanceType: string;
  readonly keyName: string;
  /** Name or ARN of an instance profile. */
  readonly profile: string;
  /** In base64; empty: none. */
  readonly userData: string;
  /** Volumes that are asked for, the root volume by its device or without one. */
  readonly volumes: readonly AskedVolume[];
}

interface AskedVolume {
  /** undefined: the root device of the image. */
  readonly device?: string;
  /** GiB; undefined: the image's. */
  readonly size?: number;
  readonly encrypted?: boolean;
}

/** Bytes before base64 (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html). */
const longestUserData = 16_384;

/** Size of the snapshots of Canonical's, Debian's and Amazon's images, in GiB. */
const snapshotSize = 8;

export function checkLaunch(scope: Scope, call: string, launch: Launch): void {
  checkUserData(call, launch.userData);
  const image = checkImage(scope, call, launch.image);
  checkType(call, launch.instanceType, launch.image, image.architecture);
  checkDevices(call, image, launch.volumes);
  if (launch.keyName !== "" && !scope.find("ec2.KeyPair", launch.keyName)) {
    refuse(call, "InvalidKeyPair.NotFound", `The key pair '${launch.keyName}' does not exist`);
  }
  checkProfile(scope, call, launch.profile);
}

/**
 * Names by the drivers of the image: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html. For Windows the
 * documented names; whether EC2 refuses all others is not known.
 */
const deviceNames = {
  linux: /^\/dev\/(sda1|sd[a-z]|xvda|xvd[a-d][a-x]|xvd[e-z])$/,
  windows: /^(\/dev\/sda1|\/dev\/sd[b-e]|xvd[b-z]|xvd[bc][a-z])$/,
} as const;

function checkDevices(call: string, image: OwnImage, volumes: readonly AskedVolume[]): void {
  const code = "InvalidBlockDeviceMapping";
  const names = volumes.map(({ device }) => device ?? image.rootDevice);
  for (const [index, name] of names.entries()) {
    if (!deviceNames[image.windows === true ? "windows" : "linux"].test(name))
      refuse(call, code, `Invalid device name ${name}`);
    if (names.indexOf(name) < index)
      refuse(call, code, `The device '${name}' is used in more than one block-device mapping`);
  }
  const root = volumes[names.indexOf(image.rootDevice)]?.size;
  if (root !== undefined && root < snapshotSize) {
    const what = `Volume of size ${root}GB is smaller than snapshot`;
    refuse(call, code, `${what}, expect size >= ${snapshotSize}GB`);
  }
}

/**
 * What an instance has from its start, by device. A mapping of another device than the image's root adds a volume, and leaves the root
 * volume as the image has it (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html).
 */
export function startVolumes(
  scope: Scope,
  call: string,
  image: string,
  volumes: readonly AskedVolume[],
): Values {
  const { rootDevice } = checkImage(scope, call, image);
  const asked = volumes.map(
    ({ device = rootDevice, size = snapshotSize, encrypted = false }): [string, Values] => [
      device,
      { size, encrypted },
    ],
  );
  return { [rootDevice]: { size: snapshotSize, encrypted: false }, ...Object.fromEntries(asked) };
}

/** What the image names its root volume, which an instance's arguments do not name. */
export function rootDeviceOf(scope: Scope, call: string, image: string): string {
  return checkImage(scope, call, image).rootDevice;
}

/** Volumes of a launch template. */
export function mappedVolumes(data: Values): AskedVolume[] {
  return objects(data["blockDeviceMappings"]).map((mapping) => {
    const ebs = object(mapping["ebs"]);
    return {
      device: text(mapping["deviceName"]),
      size: numberOrNone(ebs["volumeSize"]),
      encrypted: written(ebs["encrypted"]) === "true",
    };
  });
}

export function checkUserData(call: string, userData: string): void {
  if (Buffer.byteLength(userData, "base64") > longestUserData) {
    refuse(call, "InvalidParameterValue", `User data is limited to ${longestUserData} bytes`);
  }
}

/** vCPUs of Standard instances that run, by themselves and in groups. */
function vcpusInUse(scope: Scope): number {
  const types = [
    ...scope.all("ec2.Instance").map(({ state }) => text(state["instanceType"])),
    ...scope.all(interfaces).map(({ state }) => text(state["_instanceType"])),
  ];
  return types.reduce((sum, type) => sum + (type === "" ? 0 : standardVcpus(type)), 0);
}

/**
 * Why EC2 starts no such instance in that zone now; undefined where it does.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, InsufficientInstanceCapacity, VcpuLimitExceeded.
 */
export function launchProblem(
  scope: Scope,
  instanceType: string,
  zone: string,
): [string, string] | undefined {
  if (scope.controls.withoutCapacity?.includes(zone)) {
    const what = `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}).`;
    return ["InsufficientInstanceCapacity", what];
  }
  if (scope.controls.notOffered?.[zone]?.includes(instanceType)) {
    const what = `Your requested instance type (${instanceType}) is not supported in your requested Availability Zone (${zone}).`;
    return ["Unsupported", what];
  }
  const limit = scope.quota("standardVcpus");
  if (vcpusInUse(scope) + standardVcpus(instanceType) <= limit) return undefined;
  const what = `You have requested more vCPU capacity than your current vCPU limit of ${limit} allows for the instance bucket that the specified instance type belongs to.`;
  return ["VcpuLimitExceeded", what];
}

/** An image's id, or `resolve:ssm:<parameter>`, which launch templates take. */
function resolveImage(scope: Scope, call: string, image: string): string {
  const [, parameter] = /^resolve:ssm:([^:]+)(?::.*)?$/.exec(image) ?? [];
  if (parameter === undefined) return image;
  const own = scope.find("ssm.Parameter", parameter);
  const value = text(own?.["value"]) || publicParameter(parameter, scope.region, scope.controls);
  return (
    value ?? refuse(call, "InvalidParameterValue", `The parameter '${parameter}' could not be resolved.`)
  );
}

function checkImage(scope: Scope, call: string, image: string): OwnImage {
  const id = resolveImage(scope, call, image);
  if (!/^ami-[0-9a-f]{8}([0-9a-f]{9})?$/.test(id))
    refuse(call, "InvalidAMIID.Malformed", `Invalid id: "${id}"`);
  return (
    imageOf(id, scope.controls) ??
    refuse(call, "InvalidAMIID.NotFound", `The image id '[${id}]' does not exist`)
  );
}

function checkType(call: string, instanceType: string, image: string, of: Architecture): void {
  const architecture = architectureOf(instanceType);
  if (!architecture)
    refuse(call, "InvalidParameterValue", `Invalid value '${instanceType}' for InstanceType.`);
  if (architecture === of) return;
  const what = `The architecture '${architecture}' of the specified instance type does not match`;
  const hint = "Specify an instance type and an AMI that have matching architectures, and try again.";
  refuse(
    call,
    "InvalidParameterValue",
    `${what} the architecture '${of}' of the specified AMI (${image}). ${hint}`,
  );
}

export function checkTypeAgainstImage(scope: Scope, call: string, instanceType: string, image: string): void {
  checkType(call, instanceType, image, checkImage(scope, call, image).architecture);
}

export function checkProfile(scope: Scope, call: string, profile: string): void {
  if (profile === "") return;
  const found =
    scope.find("iam.InstanceProfile", profile) ??
    scope.where("iam.InstanceProfile", { arn: profile }).map(({ state }) => state)[0];
  const what = `Value (${profile}) for parameter iamInstanceProfile.name is invalid.`;
  if (!found) refuse(call, "InvalidParameterValue", `${what} Invalid IAM Instance Profile name`);
  if (text(found["role"]) === "") {
    refuse(call, "InvalidParameterValue", `IAM Instance Profile "${profile}" has no associated IAM Roles`);
  }
}

export function base64Of(inputs: Values): string {
  const plainText = text(inputs["userData"]);
  return plainText === ""
    ? text(inputs["userDataBase64"])
    : Buffer.from(plainText, "utf8").toString("base64");
}

export function numberOrNone(value: Value | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** Fingerprints as EC2 shows them: MD5 of the key for RSA, SHA-256 in base64 for Ed25519. */
export function fingerprintOf(kind: string, blob: Buffer): string {
  if (kind === "ed25519") return `${createHash("sha256").update(blob).digest("base64")}`;
  return createHash("md5")
    .update(blob)
    .digest("hex")
    .replace(/..(?!$)/g, "$&:");
}
