/** What AWS offers: zones, types of instances, and the public parameters that name images. */
import { createHash } from "node:crypto";
import type { Controls, OwnImage } from "./account";

export type Architecture = "x86_64" | "arm64";

/** Zones of the regions that tests use; others get three, a to c. */
const zoneLetters: Readonly<Record<string, string>> = { "us-east-1": "abcdef", "us-west-2": "abcd" };

/** `euc1-az1`: the short name of a region in ids of zones (https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html). */
export function zonesOf(
  region: string,
  controls: Pick<Controls, "zoneLetters"> = {},
): { readonly name: string; readonly id: string }[] {
  const [area = "", direction = "", number = ""] = region.replace("us-gov-", "usg-").split("-");
  const words = { north: "n", south: "s", east: "e", west: "w", central: "c" };
  const letters = Object.entries(words).reduce(
    (name, [word, letter]) => name.replace(word, letter),
    direction,
  );
  const short = `${area}${letters}${number}`;
  return [...(controls.zoneLetters ?? zoneLetters[region] ?? "abc")].map((letter, index) => ({
    name: `${region}${letter}`,
    id: `${short}-az${index + 1}`,
  }));
}

/** Families by architecture, https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html; not all of them. */
const families: Record<Architecture, readonly string[]> = {
  x86_64: [
    ...["t2", "t3", "t3a", "m5", "m5a", "m5d", "m5n", "m6i", "m6a", "m6id", "m7i", "m7a", "m7i-flex", "m8i"],
    ...["c5", "c5a", "c5d", "c5n", "c6i", "c6a", "c6id", "c7i", "c7a", "c7i-flex", "c8i"],
    ...[
      "r5",
      "r5a",
      "r5d",
      "r6i",
      "r6a",
      "r7i",
      "r7a",
      "r8i",
      "i3",
      "i4i",
      "g4dn",
      "g5",
      "g6",
      "p4d",
      "p5",
      "x2idn",
    ],
  ],
  arm64: [
    ...[
      "a1",
      "t4g",
      "m6g",
      "m6gd",
      "m7g",
      "m7gd",
      "m8g",
      "c6g",
      "c6gd",
      "c6gn",
      "c7g",
      "c7gd",
      "c7gn",
      "c8g",
    ],
    ...["r6g", "r6gd", "r7g", "r7gd", "r8g", "x2gd", "i4g", "im4gn", "g5g"],
  ],
};
const sizes = /^(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?)$/;

export function architectureOf(instanceType: string): Architecture | undefined {
  const [family, size = ""] = instanceType.split(".");
  if (!sizes.test(size)) return undefined;
  return (["x86_64", "arm64"] as const).find((architecture) => families[architecture].includes(family));
}

/**
 * vCPUs by a type's name: https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html, `large` 2 and `xlarge` 4
 * throughout, T3 and T4g 2 in all smaller sizes. Counted against the quota of Standard instances.
 */
export function standardVcpus(instanceType: string): number {
  const [family = "", size = ""] = instanceType.split(".");
  if (!/^(a|c|d|h|i|im|is|m|r|t|z)\d/.test(family)) return 0;
  const [, multiple] = /^(\d*)xlarge$/.exec(size) ?? [];
  if (multiple !== undefined) return 4 * Number(multiple === "" ? "1" : multiple);
  return size === "large" || /^t[34]/.test(family) ? 2 : 1;
}

/**
 * Public parameters of the publishers: Canonical, https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/;
 * Debian, https://wiki.debian.org/Cloud/AmazonEC2Image; Amazon, https://docs.aws.amazon.com/linux/al2023/ug/ec2.html and, for
 * Windows, https://docs.aws.amazon.com/AWSEC2/latest/WindowsGuide/finding-an-ami-parameter-store.html.
 */
const patterns: readonly RegExp[] = [
  /^\/aws\/service\/canonical\/ubuntu\/server(?:-minimal)?\/(?:\d\d\.\d\d|noble|jammy)\/stable\/(?:current|\d+(?:\.\d+)?)\/(amd64|arm64)\/hvm\/ebs-gp[23]\/ami-id$/,
  /^\/aws\/service\/debian\/release\/(?:\d+|\w+)\/latest\/(amd64|arm64)$/,
  /^\/aws\/service\/ami-amazon-linux-latest\/al2023-ami(?:-minimal)?-kernel-(?:default|\d\.\d+)-(x86_64|arm64)$/,
  /^\/aws\/service\/ami-windows-latest\/Windows_Server-20(?:22|25)-English-(?:Full|Core)-Base()$/,
];

/** The value of a public parameter: an image's id, another in each region. */
export function publicParameter(name: string, region: string, controls: Controls): string | undefined {
  const changed = controls.parameters?.[name];
  if (changed !== undefined) return changed;
  if (!patterns.some((pattern) => pattern.test(name))) return undefined;
  return imageId(architectureOfParameter(name), makeOfParameter(name), `${region} ${name}`);
}

/** Canonical's, Debian's and Amazon's, and Windows' images: the sources of the patterns. */
const makes = [
  { rootDevice: "/dev/sda1" },
  { rootDevice: "/dev/xvda" },
  { rootDevice: "/dev/sda1", windows: true },
] as const;

function makeOfParameter(name: string): number {
  return /windows/.test(name) ? 2 : /debian|al2023/.test(name) ? 1 : 0;
}

/** An id that tells what the image is by its second and third digit. */
export function imageId(architecture: Architecture, make: number, seed: string): string {
  const digits = createHash("sha256").update(seed).digest("hex").slice(0, 14);
  return `ami-0${architecture === "arm64" ? "a" : "0"}${make}${digits}`;
}

function architectureOfParameter(name: string): Architecture {
  return /arm64/.test(name) ? "arm64" : "x86_64";
}

/** undefined where there is no such image. */
export function imageOf(id: string, controls: Controls): OwnImage | undefined {
  const own = controls.images?.[id];
  if (own !== undefined)
    return typeof own === "string" ? { architecture: own, rootDevice: "/dev/sda1" } : own;
  const parameter = Object.entries(controls.parameters ?? {}).find(([, value]) => value === id)?.[0];
  if (parameter !== undefined)
    return { architecture: architectureOfParameter(parameter), ...makes[makeOfParameter(parameter)] };
  const [, digit, make] = /^ami-0([0a])([0-2])[0-9a-f]{14}$/.exec(id) ?? [];
  if (digit === undefined) return undefined;
  return { architecture: digit === "a" ? "arm64" : "x86_64", ...makes[Number(make)] };
}

/** https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html: not all of them. */
const interfaceServices = [
  ...["autoscaling", "cloudformation", "ec2", "ec2messages", "ecr.api", "ecr.dkr", "elasticfilesystem"],
  ...["elasticloadbalancing", "events", "kms", "lambda", "logs", "monitoring", "s3", "secretsmanager", "sns"],
  ...["sqs", "ssm", "ssmmessages", "states", "sts"],
];

/** Names of the zones in which a service, as `com.amazonaws.eu-central-1.ec2`, has interface endpoints; undefined: there is none. */
export function endpointZonesOf(service: string, region: string, controls: Controls): string[] | undefined {
  const prefix = `com.amazonaws.${region}.`;
  const name = service.slice(prefix.length);
  if (!service.startsWith(prefix) || !interfaceServices.includes(name)) return undefined;
  const letters = controls.endpointZones?.[name];
  const zones = zonesOf(region).map((zone) => zone.name);
  return letters === undefined ? zones : zones.filter((zone) => letters.includes(zone.slice(-1)));
}

/** For alias records: application, network (https://docs.aws.amazon.com/general/latest/gr/elb.html). */
const zoneIds: Readonly<Record<string, readonly [string, string]>> = {
  "eu-central-1": ["Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"],
  "eu-west-1": ["Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"],
  "us-east-1": ["Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"],
  "us-west-2": ["Z1H1FL5HABSF5", "Z18D5FSROUN65G"],
};

/** Zone that a balancer's own name is in; regions that no test uses share one that does not exist. */
export function balancerZone(region: string, isNetwork: boolean): string {
  return zoneIds[region]?.[isNetwork ? 1 : 0] ?? "Z00000000000000000000";
}
