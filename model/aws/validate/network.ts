import { NARROWEST_SUBNET, VPC_PREFIX, isPartOf, subnetName, zonePlaces } from "../addressPlan";
import { ZONE_LETTERS, zoneLetter, zoneLetters, zoneName, zonesPerAccount } from "../../data/regions";
import { overlaps, range, type Range } from "../../network/addresses";
import { type AwsLayout, fullZone } from "../layout";
import type { Checked } from "../../settings/checked";
import type { PlacedRange } from "../../settings/placed";
import { nearest } from "../../text";
import type { Path, Problems } from "../../settings/problems";
import { entriesOf } from "../../settings/entries";
import { refuseOverlap } from "../../settings/checks/ranges";

/** A node's address must be nobody else's: neither a pod's nor a Service's, nor one of a network that is peered with. */
export function validateVpcRange({ vpc }: AwsLayout, problems: Problems, checked: Checked): void {
  const { pods, services, peers } = checked;
  for (const own of [pods, services]) {
    if (own === undefined) continue;
    // Blame the range that somebody wrote; of two written ones the cluster's own, which nothing outside knows.
    const [blamed, other] = own.given || !vpc.given ? [own, vpc] : [vpc, own];
    refuseOverlap(blamed, other, problems);
  }
  for (const peer of peers) refuseOverlap(vpc, peer, problems);
}

export function validateVpcSize({ vpc, existing, input }: AwsLayout, problems: Problems): void {
  if (existing && input.network?.vpcCidr === undefined) {
    problems.add(["network", "vpcCidr"], undefined, "is missing: the range of the existing VPC", {
      allowed: "the VPC's range that holds its subnets, such as 10.0.0.0/16",
    });
    return;
  }
  const { prefix, text } = vpc.range;
  if (prefix >= VPC_PREFIX.widest && prefix <= VPC_PREFIX.narrowest) return;
  problems.add(vpc.path, text, `is too ${prefix < VPC_PREFIX.widest ? "large" : "small"} for a VPC`, {
    allowed: `a prefix from /${VPC_PREFIX.widest} to /${VPC_PREFIX.narrowest}`,
  });
}

/** Every zone has its place in each half of the VPC, whichever zones are added later. */
export function validateSubnets(aws: AwsLayout, problems: Problems): void {
  const { vpc, existing, subnetMask, zones, input } = aws;
  if (existing) return;
  if (vpc.range.prefix < VPC_PREFIX.widest || vpc.range.prefix > VPC_PREFIX.narrowest) return;
  const given = input.network?.subnetMask !== undefined;
  const path: Path = given ? ["network", "subnetMask"] : vpc.path;
  const value = given ? subnetMask : vpc.range.text;
  const places = zonePlaces(vpc.range, subnetMask);
  const without = zones.filter((zone) => ZONE_LETTERS.indexOf(zoneLetter(zone)) >= places);
  if (without.length === 0) return;
  const least = vpc.range.prefix + 1 + Math.ceil(Math.log2(furthest(without) + 1));
  problems.add(
    path,
    value,
    `gives ${vpc.range.text} ${places} ${places === 1 ? "subnet" : "subnets"} of /${subnetMask} in each half, public and private, and ` +
      `none for ${without.join(", ")}`,
    {
      allowed:
        least <= NARROWEST_SUBNET
          ? `a network.subnetMask of ${least} to ${NARROWEST_SUBNET}`
          : `a VPC of /${NARROWEST_SUBNET - (least - vpc.range.prefix)} or larger`,
    },
  );
}

function furthest(zones: readonly string[]): number {
  return Math.max(...zones.map((zone) => ZONE_LETTERS.indexOf(zoneLetter(zone))));
}

/** Where an account has fewer zones than there are letters, more than it has are refused, written or by default. */
export function validateZoneCount({ region, zones, input, existing }: AwsLayout, problems: Problems): void {
  const most = region === undefined ? undefined : zonesPerAccount(region);
  if (region === undefined || most === undefined || existing || zones.length <= most) return;
  problems.add(
    ["network", "zones"],
    input.network?.zones,
    `are ${zones.length} zones, but an account sees ${most} of the ${zoneLetters(region).length} zones of ${region}`,
    {
      allowed: `the names of ${most} zones that the account sees (aws ec2 describe-availability-zones --region ${region})`,
    },
  );
}

export function validateZones({ region, input, existing }: AwsLayout, problems: Problems): void {
  const given = input.network?.zones;
  if (given === undefined || existing) return;
  if (typeof given !== "number") {
    validateZoneList(given, ["network", "zones"], region, problems);
    return;
  }
  const letters = region === undefined ? [] : zoneLetters(region);
  if (region === undefined || given <= letters.length) return;
  problems.add(["network", "zones"], given, `is more zones than ${region} has`, {
    allowed: `at most ${letters.length}: ${letters.join(", ")}`,
  });
}

/** Zones of a list are the region's, each once. */
export function validateZoneList(
  list: readonly string[] | undefined,
  path: Path,
  region: string | undefined,
  problems: Problems,
): void {
  if (region !== undefined)
    for (const [index, zone] of entriesOf(list)) refuseZone([...path, index], zone, region, problems);
  problems.addTwins(list, (index) => [...path, index], {
    key: (zone) => (region === undefined ? zone : fullZone(zone, region)),
    allowed: "each zone once",
  });
}

/** True if the region has no such zone; a problem is reported. */
export function refuseZone(path: Path, zone: string, region: string, problems: Problems): boolean {
  if (fullZone(zone, region) !== undefined) return false;
  const names = zoneLetters(region).map((letter) => zoneName(region, letter));
  problems.add(path, zone, `is not a zone of ${region}`, {
    allowed: names.join(", "),
    nearest: zone.length > 2 ? nearest(zone, names) : undefined,
  });
  return true;
}

/** Private nodes fetch images and call AWS through a NAT gateway; without such nodes it is money for nothing. */
export function validateNat(
  { nat, subnetTypes, existing, input, endpoints }: AwsLayout,
  problems: Problems,
): void {
  if (existing || input.network?.nat === undefined) return;
  const privates = subnetTypes.includes("private");
  if (privates && nat === "none" && endpoints.length === 0) {
    problems.add(["network", "nat"], nat, "leaves nodes in private subnets without internet access", {
      allowed: "one, perZone, or network.endpoints with a mirror and a registry inside",
    });
  }
  if (!privates && nat !== "none") {
    problems.add(["network", "nat"], nat, "is not needed: all nodes are in public subnets", {
      allowed: "none, or nodes in private subnets (bastion: {}, or subnetType: private)",
    });
  }
}

/** An existing VPC has its own zones, gateways and endpoints. */
export function validateExistingVpc({ existing, input }: AwsLayout, problems: Problems): void {
  if (!existing) return;
  for (const key of ["zones", "nat", "subnetMask", "s3Endpoint", "endpoints"] as const) {
    const value = input.network?.[key];
    if (value === undefined || value === false) continue;
    problems.add(
      ["network", key],
      value,
      "cannot be combined with network.existing: the library does not change an existing VPC",
      {
        allowed: `no ${key}`,
      },
    );
  }
}

export function validateExistingSubnets(aws: AwsLayout, problems: Problems, { refused }: Checked): void {
  const { vpc, region, input } = aws;
  const outer = refused("network.vpcCidr") || input.network?.vpcCidr === undefined ? undefined : vpc;
  const seen: { name: string; id: string; range: Range }[] = [];
  for (const [index, subnet] of entriesOf(input.network?.existing?.subnets)) {
    const path = ["network", "existing", "subnets", index];
    const own = range(subnet.cidr);
    validateSubnet([...path, "cidr"], own, outer, problems);
    if (region !== undefined && refuseZone([...path, "zone"], subnet.zone, region, problems)) continue;
    const twin = seen.find((other) => overlaps(other.range, own));
    if (twin !== undefined && twin.id !== subnet.id) {
      problems.add([...path, "cidr"], subnet.cidr, `overlaps ${twin.range.text}, another of the subnets`, {
        allowed: "disjoint ranges",
      });
    }
    if (seen.some((other) => other.id === subnet.id)) {
      problems.add([...path, "id"], subnet.id, "is listed twice", { allowed: "each subnet once" });
      continue;
    }
    const full = fullZone(subnet.zone, region);
    const name = full === undefined ? "" : subnetName(subnet.subnetType, full);
    if (name !== "" && seen.some((other) => other.name === name)) {
      problems.add([...path, "zone"], subnet.zone, `has two ${subnet.subnetType} subnets`, {
        allowed: "one public and one private subnet for each zone",
      });
    }
    seen.push({ name, id: subnet.id, range: own });
  }
}

function validateSubnet(path: Path, subnet: Range, vpc: PlacedRange | undefined, problems: Problems): void {
  if (vpc !== undefined && !isPartOf(subnet, vpc.range)) {
    problems.add(path, subnet.text, `lies outside network.vpcCidr ${vpc.range.text}`, {
      allowed: `a range within ${vpc.range.text}`,
    });
  } else if (subnet.prefix > NARROWEST_SUBNET) {
    problems.add(path, subnet.text, "is too small: control-plane nodes and load balancers take a /28 of it", {
      allowed: `/${NARROWEST_SUBNET} or larger`,
    });
  }
}

/** An existing VPC has a subnet for everything that has to be in one. */
export function validateSubnetTypes(aws: AwsLayout, problems: Problems): void {
  const given = aws.input.network?.existing?.subnets;
  if (given?.length !== aws.subnets.length) return;
  for (const subnetType of aws.subnetTypes) {
    if (aws.subnets.some((subnet) => subnet.subnetType === subnetType)) continue;
    const what =
      subnetType === "public"
        ? "a bastion, balancer or node with a public address"
        : "nodes without a public address";
    problems.add(
      ["network", "existing", "subnets"],
      given.length,
      `given, and none with subnetType: ${subnetType}, for ${what}`,
      { allowed: `one with subnetType: ${subnetType} among them` },
    );
  }
}
