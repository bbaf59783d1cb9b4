import {
  type Range,
  formatAddress,
  nthAddress,
  range,
  rangeOf,
  relation,
  sizeOf,
} from "../network/addresses";
import type { AwsSubnet } from "./settings";
import { ZONE_LETTERS, zoneLetter } from "../data/regions";

/**
 * Which addresses a cluster's subnets, balancers and control-plane nodes have: arithmetic on plain values, so that all
 * of them are known before anything is made, and none moves when a zone or a control-plane node is added.
 *
 * A VPC is cut in two halves, the first for private subnets, the second for public ones. In its half a subnet's place is
 * its zone's letter, so a zone that is added changes nothing for those that are there.
 */

/** Prefix lengths a VPC may have (VPC user guide, "VPC CIDR blocks"). */
export const VPC_PREFIX = { widest: 16, narrowest: 28 } as const;

/** A subnet of /27 would be its reserved part and the addresses that AWS keeps. */
export const NARROWEST_SUBNET = 26;

/** VPC user guide, "Subnet CIDR blocks": the first four and the last address of every subnet are AWS' own. */
const KEPT_BY_AWS = 5;

/** Addresses that a subnet must have free for a load balancer (Elastic Load Balancing, "Availability Zones and subnets"). */
export const FREE_FOR_BALANCER = 8;

const RESERVED_PREFIX = 28;
const RESERVED = 2 ** (32 - RESERVED_PREFIX);

/** Places in a subnet's reserved part. Control-plane nodes follow one another from theirs on, seven at most. */
const PLACES = { balancer: 0, bastion: 1, controlPlane: 4 } as const;

export type SubnetType = AwsSubnet["subnetType"];

/** A subnet's prefix length where the settings give none: by the VPC's alone, since every other measure may change later. */
export function defaultSubnetMask(vpc: Range): number {
  return Math.min(vpc.prefix + 4, NARROWEST_SUBNET);
}

/** How many zones have a place in each half of the VPC. */
export function zonePlaces(vpc: Range, subnetMask: number): number {
  return subnetMask <= vpc.prefix ? 0 : 2 ** (subnetMask - vpc.prefix - 1);
}

/**
 * The part of a subnet that AWS hands out to nobody by itself: the last but one /28, which holds none of the addresses
 * that are AWS' own.
 */
export function reservedPart(subnet: Range): Range {
  if (subnet.prefix > NARROWEST_SUBNET) throw new RangeError(`${subnet.text} has no part to reserve`);
  return rangeOf(subnet.last - 2 * RESERVED + 1, RESERVED_PREFIX);
}

/** How many addresses instances, gateways and balancers without a fixed address can have. */
export function freeAddresses(subnet: Range): number {
  return Math.max(0, sizeOf(subnet) - KEPT_BY_AWS - RESERVED);
}

export function subnetName(subnetType: SubnetType, zone: string): string {
  return `${subnetType}-${zoneLetter(zone)}`;
}

export interface SubnetPlan {
  readonly vpcCidr: string;
  /** Names of zones, as `eu-central-1a`. */
  readonly zones: readonly string[];
  readonly subnetTypes: readonly SubnetType[];
  readonly subnetMask: number;
}

/**
 * One subnet for each zone and type.
 * @throws RangeError when a zone has no place in its half of the VPC
 */
export function planSubnets({ vpcCidr, zones, subnetTypes, subnetMask }: SubnetPlan): AwsSubnet[] {
  const vpc = range(vpcCidr);
  const places = zonePlaces(vpc, subnetMask);
  return subnetTypes.flatMap((subnetType) =>
    zones.map((zone) => {
      const place = ZONE_LETTERS.indexOf(zoneLetter(zone));
      if (place < 0 || place >= places) throw new RangeError(`${vpcCidr} has no subnet for zone ${zone}`);
      const first = vpc.first + (subnetType === "public" ? sizeOf(vpc) / 2 : 0);
      const cidr = rangeOf(first + place * 2 ** (32 - subnetMask), subnetMask);
      return {
        name: subnetName(subnetType, zone),
        zone,
        cidr: cidr.text,
        subnetType,
        reserved: reservedPart(cidr).text,
      };
    }),
  );
}

/** The subnet of control-plane node `index` (0 is the first): control-plane nodes go round the zones. */
export function controlPlaneSubnet<S extends { readonly zone: string }>(
  subnets: readonly S[],
  zones: readonly string[],
  index: number,
): S | undefined {
  return subnets.find((subnet) => subnet.zone === zones[index % zones.length]);
}

/** Fixed private address of control-plane node `index`, whatever the number of control-plane nodes is. */
export function controlPlaneAddress(subnet: Pick<AwsSubnet, "reserved">, index: number): string {
  return nthAddress(range(subnet.reserved), PLACES.controlPlane + index);
}

/** Fixed private address of the internal balancer in a subnet. */
export function balancerAddress(subnet: Pick<AwsSubnet, "reserved">): string {
  return nthAddress(range(subnet.reserved), PLACES.balancer);
}

export function bastionAddress(subnet: Pick<AwsSubnet, "reserved">): string {
  return nthAddress(range(subnet.reserved), PLACES.bastion);
}

/** The VPC's resolver: the second address after the VPC's first (VPC user guide, "Amazon DNS server"). */
export function resolverAddress(vpcCidr: string): string {
  return formatAddress(range(vpcCidr).first + 2);
}

/** True when `inner` is a part of `outer` or the whole of it. */
export function isPartOf(inner: Range, outer: Range): boolean {
  return ["equal", "within"].includes(relation(inner, outer));
}
