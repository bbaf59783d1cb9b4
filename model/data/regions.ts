/** What this library has to know of an AWS region. */
export interface RegionData {
  /**
   * Letters of its availability zones, in order. In the oldest regions an account may lack one of them, and which place a
   * letter means differs between accounts made before November 2025: `network.zones` names them then.
   */
  readonly zones: string;
  /** How many of them an account has, where that is fewer; which ones differs between accounts. */
  readonly perAccount?: number;
}

/**
 * Source: AWS, "AWS Regions and Availability Zones" (Regions and Zones guide), and `describe-availability-zones` where
 * letters are left out (ap-northeast-1 has no b for new accounts, ca-central-1 no c, us-west-1 two of three).
 */
export const REGIONS: Readonly<Record<string, RegionData>> = {
  "us-east-1": { zones: "abcdef" },
  "us-east-2": { zones: "abc" },
  // "This Region supports two Availability Zones for new customers" (AWS Regions and Zones guide, note on us-west-1).
  "us-west-1": { zones: "abc", perAccount: 2 },
  "us-west-2": { zones: "abcd" },
  "af-south-1": { zones: "abc" },
  "ap-east-1": { zones: "abc" },
  "ap-east-2": { zones: "abc" },
  "ap-northeast-1": { zones: "acd" },
  "ap-northeast-2": { zones: "abcd" },
  "ap-northeast-3": { zones: "abc" },
  "ap-south-1": { zones: "abc" },
  "ap-south-2": { zones: "abc" },
  "ap-southeast-1": { zones: "abc" },
  "ap-southeast-2": { zones: "abc" },
  "ap-southeast-3": { zones: "abc" },
  "ap-southeast-4": { zones: "abc" },
  "ap-southeast-5": { zones: "abc" },
  "ap-southeast-6": { zones: "abc" },
  "ap-southeast-7": { zones: "abc" },
  "ca-central-1": { zones: "abd" },
  "ca-west-1": { zones: "abc" },
  "eu-central-1": { zones: "abc" },
  "eu-central-2": { zones: "abc" },
  "eu-north-1": { zones: "abc" },
  "eu-south-1": { zones: "abc" },
  "eu-south-2": { zones: "abc" },
  "eu-west-1": { zones: "abc" },
  "eu-west-2": { zones: "abc" },
  "eu-west-3": { zones: "abc" },
  "il-central-1": { zones: "abc" },
  "me-central-1": { zones: "abc" },
  "me-south-1": { zones: "abc" },
  "mx-central-1": { zones: "abc" },
  "sa-east-1": { zones: "abc" },
  "cn-north-1": { zones: "abd" },
  "cn-northwest-1": { zones: "abc" },
  "us-gov-east-1": { zones: "abc" },
  "us-gov-west-1": { zones: "abc" },
};

/** Letters that a zone can have at all; more than any region has today. */
export const ZONE_LETTERS = "abcdefgh";

export function isRegion(region: string): boolean {
  return Object.hasOwn(REGIONS, region);
}

/** Letters of the region's zones, in order; none for a region that is not in the table. */
export function zoneLetters(region: string): readonly string[] {
  return [...(isRegion(region) ? (REGIONS[region]?.zones ?? "") : "")];
}

/** How many zones an account has in a region that has more letters than that; undefined where it has them all. */
export function zonesPerAccount(region: string): number | undefined {
  return isRegion(region) ? REGIONS[region]?.perAccount : undefined;
}

/** `eu-central-1` and `a` make `eu-central-1a`. */
export function zoneName(region: string, letter: string): string {
  return `${region}${letter}`;
}

/** The letter of a zone's name; the last character (AWS: a zone's code is its region's followed by a letter). */
export function zoneLetter(zone: string): string {
  return zone.slice(-1);
}

export type Partition = "aws" | "aws-cn" | "aws-us-gov";

/** The first part of ARNs after `arn:`. Source: AWS General Reference, "Amazon Resource Names". */
export function partitionOf(region: string): Partition {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** General Reference, "Service endpoints": China's partition has a separate domain. */
export function endpointDomain(partition: string): string {
  return partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
}

/**
 * Suffix of the names that instances have inside a VPC with DNS hostnames, and by which the cloud controller manager
 * looks nodes up. Source: VPC user guide, "DNS attributes for your VPC": `ec2.internal` in us-east-1, else
 * `<region>.compute.internal`.
 */
function privateDnsSuffix(region: string): string {
  return region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`;
}

/** The IP-based private DNS name of an instance, which is its Node's name: `ip-10-0-1-20.eu-central-1.compute.internal`. */
export function privateDnsName(address: string, region: string): string {
  return `ip-${address.replaceAll(".", "-")}.${privateDnsSuffix(region)}`;
}
