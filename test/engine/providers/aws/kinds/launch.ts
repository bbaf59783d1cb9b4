/** What EC2 looks at when an instance is started, by itself or out of a launch template. */
import { createHash } from "node:crypto";
import { interfaces } from "../addresses";
import {
  architectureOf,
  architectureOfImage,
  publicParameter,
  standardVcpus,
  type Architecture,
} from "../catalogue";
import { refuse, text, type Scope } from "../scope";
import type { Value, Values } from "../../shared/values";

export interface Launch {
  readonly image: string;
  readonly instanceType: string;
  readonly keyName: string;
  /** Name or ARN of an instance profile. */
  readonly profile: string;
  /** In base64; empty: none. */
  readonly userData: string;
  /** GiB of the root volume; undefined: the image's. */
  readonly rootSize?: number;
}

/** Bytes before base64 (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html). */
const longestUserData = 16_384;

/** Size of the snapshots of Canonical's, Debian's and Amazon's images, in GiB. */
const snapshotSize = 8;

export function checkLaunch(scope: Scope, call: string, launch: Launch): void {
  checkUserData(call, launch.userData);
  const architecture = checkImage(scope, call, launch.image);
  checkType(call, launch.instanceType, launch.image, architecture);
  if (launch.keyName !== "" && !scope.find("ec2.KeyPair", launch.keyName)) {
    refuse(call, "InvalidKeyPair.NotFound", `The key pair '${launch.keyName}' does not exist`);
  }
  checkProfile(scope, call, launch.profile);
  if (launch.rootSize !== undefined && launch.rootSize < snapshotSize) {
    const what = `Volume of size ${launch.rootSize}GB is smaller than snapshot`;
    refuse(call, "InvalidBlockDeviceMapping", `${what}, expect size >= ${snapshotSize}GB`);
  }
}

export function checkUserData(call: string, userData: string): void {
  if (Buffer.byteLength(userData, "base64") > longestUserData) {
    refuse(call, "InvalidParameterValue", `User data is limited to ${longestUserData} bytes`);
  }
}

/** An image's id, or `resolve:ssm:<parameter>`, which launch templates take. */
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

function resolveImage(scope: Scope, call: string, image: string): string {
  const [, parameter] = /^resolve:ssm:([^:]+)(?::.*)?$/.exec(image) ?? [];
  if (parameter === undefined) return image;
  const own = scope.find("ssm.Parameter", parameter);
  const value = text(own?.["value"]) || publicParameter(parameter, scope.region, scope.controls);
  return (
    value ?? refuse(call, "InvalidParameterValue", `The parameter '${parameter}' could not be resolved.`)
  );
}

function checkImage(scope: Scope, call: string, image: string): Architecture {
  const id = resolveImage(scope, call, image);
  if (!/^ami-[0-9a-f]{8}([0-9a-f]{9})?$/.test(id))
    refuse(call, "InvalidAMIID.Malformed", `Invalid id: "${id}"`);
  return (
    architectureOfImage(id, scope.controls) ??
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
  checkType(call, instanceType, image, checkImage(scope, call, image));
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
