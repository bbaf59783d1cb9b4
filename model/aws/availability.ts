import { Problems, type Problem } from "../settings/problems";
import type { AwsSettings } from "../settings/resolvedAws";

/** What an account has of a region. */
export interface Availability {
  /** Names of its availability zones, whatever their state: one that has an outage is still the account's. */
  readonly zones: readonly string[];
  /** Which instance types each zone offers, as EC2 pairs them. */
  readonly offerings: readonly { readonly instanceType: string; readonly zone: string }[];
}

/** One group of instances, with what it may be made of. */
interface Wanted {
  readonly path: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly zones: readonly string[];
}

/** Every instance type that the settings name. */
export function wantedTypes(aws: AwsSettings): string[] {
  return [...new Set(wantedOf(aws).flatMap((wanted) => wanted.instanceTypes))].sort();
}

function wantedOf(aws: AwsSettings): Wanted[] {
  const zonesOf = (subnets: readonly string[]): string[] => [
    ...new Set(
      aws.vpc.subnets.filter((subnet) => subnets.includes(subnet.name)).map((subnet) => subnet.zone),
    ),
  ];
  const { bastion, controlPlane, pools } = aws;
  return [
    {
      path: ["controlPlane", "instanceType"],
      instanceTypes: [controlPlane.instanceType],
      zones: zonesOf(controlPlane.instances.map((controlPlaneNode) => controlPlaneNode.subnet)),
    },
    ...pools.map((pool) => ({
      path: ["workers", pool.name, pool.instanceTypes.length > 1 ? "instanceTypes" : "instanceType"],
      instanceTypes: pool.instanceTypes,
      zones: zonesOf(pool.subnets),
    })),
    ...(bastion
      ? [
          {
            path: ["bastion", "instanceType"],
            instanceTypes: [bastion.instanceType],
            zones: zonesOf([bastion.subnet]),
          },
        ]
      : []),
  ];
}

/** What of the settings the account does not have. A pool needs one of its types in each of its zones. */
export function availabilityProblems(
  { aws }: { readonly aws?: AwsSettings },
  found: Availability,
): Problem[] {
  if (aws === undefined) return [];
  const problems = new Problems();
  const missing = aws.vpc.zones.filter((zone) => !found.zones.includes(zone));
  for (const zone of missing)
    problems.add(["network", "zones"], zone, `is a zone that this account does not have in ${aws.region}`, {
      allowed: found.zones.join(", "),
    });
  const offered = (type: string, zone: string): boolean =>
    found.offerings.some((one) => one.instanceType === type && one.zone === zone);
  for (const { path, instanceTypes, zones } of wantedOf(aws)) {
    const without = zones.filter(
      (zone) => !missing.includes(zone) && !instanceTypes.some((type) => offered(type, zone)),
    );
    if (without.length === 0) continue;
    const elsewhere = found.zones.filter((zone) => instanceTypes.some((type) => offered(type, zone)));
    problems.add(path, instanceTypes.join(", "), `is not offered in ${without.join(", ")}`, {
      allowed:
        elsewhere.length === 0
          ? `a type that ${aws.region} offers (aws ec2 describe-instance-type-offerings --location-type availability-zone)`
          : `another type, or zones that offer it: ${elsewhere.join(", ")}`,
    });
  }
  return problems.sorted();
}
