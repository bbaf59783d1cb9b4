import { Problems, type Path, type Problem } from "../settings/problems";
import type { AwsImage, AwsSettings } from "./settings";
import { IMAGES, WINDOWS_ROOT_DEVICE } from "./images";

/** What an account has of a region. */
export interface Availability {
  /** Names of its availability zones, whatever their state: one that has an outage is still the account's. */
  readonly zones: readonly string[];
  /** Which instance types each zone offers, as EC2 pairs them. */
  readonly offerings: readonly { readonly instanceType: string; readonly zone: string }[];
  /** Names of the zones in which a service has endpoints, none where EC2 does not say; null: there is no such service. */
  readonly services: Readonly<Record<string, readonly string[] | null>>;
  /** By id; null: there is no such image. */
  readonly images: Readonly<Record<string, FoundImage | null>>;
}

/** An image as EC2 describes it. */
export interface FoundImage {
  /** `x86_64` or `arm64`. */
  readonly architecture: string;
  readonly rootDeviceName: string;
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

/** Services whose endpoints the stack makes. */
export function wantedServices({ vpc }: AwsSettings): string[] {
  return (vpc.endpoints?.services ?? []).map(({ name }) => name);
}

/** Your own images, by id. */
export function wantedImages(aws: AwsSettings): string[] {
  return [...new Set(ownImages(aws).map(({ ami }) => ami))];
}

interface OwnImage {
  readonly path: Path;
  readonly ami: string;
  readonly os: string;
  readonly architecture: AwsSettings["controlPlane"]["architecture"];
  /** As the launch template of a pool names it; undefined: the instance takes the image's. */
  readonly rootDevice?: string;
}

function ownImages({ controlPlane, bastion, pools }: AwsSettings): OwnImage[] {
  const own = (
    path: Path,
    { os, ami }: Pick<AwsImage, "ami"> & { readonly os: string },
    rest: Pick<OwnImage, "architecture" | "rootDevice">,
  ): OwnImage[] => (ami === undefined ? [] : [{ path: [...path, "ami"], ami, os, ...rest }]);
  return [
    ...own(["controlPlane"], controlPlane.image, controlPlane),
    ...(bastion === undefined ? [] : own(["bastion"], bastion.image, bastion)),
    ...pools.flatMap(({ name, architecture, image, windows }) => {
      const path = ["workers", name];
      if (windows !== undefined)
        return own(
          path,
          { ...windows, os: `windows-${windows.release}` },
          { architecture, rootDevice: WINDOWS_ROOT_DEVICE },
        );
      return image === undefined
        ? []
        : own(path, image, { architecture, rootDevice: IMAGES[image.os].rootDevice });
    }),
  ];
}

/** As EC2 names architectures. */
const EC2_ARCHITECTURES = { amd64: "x86_64", arm64: "arm64" } as const;

function validateImages(aws: AwsSettings, { images }: Availability, problems: Problems): void {
  for (const { path, ami, os, architecture, rootDevice } of ownImages(aws)) {
    const found = images[ami];
    if (found === null)
      problems.add(path, ami, `is not an image that this account has or may use in ${aws.region}`, {
        allowed: `an image of ${aws.region} (aws ec2 describe-images --image-ids)`,
      });
    else if (found !== undefined && found.architecture !== EC2_ARCHITECTURES[architecture])
      problems.add(
        path,
        ami,
        `is an image for ${found.architecture}, and the instances are ${architecture}`,
        {
          allowed: `an image for ${EC2_ARCHITECTURES[architecture]}`,
        },
      );
    else if (found !== undefined && rootDevice !== undefined && found.rootDeviceName !== rootDevice)
      problems.add(
        path,
        ami,
        `has the root device ${found.rootDeviceName}, and images of ${os} have ${rootDevice}: nodes would have a second volume, and ` +
          "a root volume of the image's size that is not encrypted",
        { allowed: `an image with the root device ${rootDevice}, or the os that it belongs to` },
      );
  }
}

function validateServices(
  { vpc, region }: AwsSettings,
  { services }: Availability,
  problems: Problems,
): void {
  const own = vpc.endpoints;
  if (own === undefined) return;
  const zones = vpc.subnets.filter(({ name }) => own.subnets.includes(name)).map(({ zone }) => zone);
  for (const { name } of own.services) {
    const found = services[name];
    // GovCloud names services and no zones (ec2/vpc_endpoint_service_data_source.go).
    if (found === undefined || found?.length === 0) continue;
    const without = zones.filter((zone) => found?.includes(zone) === false);
    if (found === null)
      problems.add(
        ["network", "endpoints", "services"],
        name,
        `is a service without interface endpoints in ${region}`,
        {
          allowed: "the end of a name that aws ec2 describe-vpc-endpoint-services lists",
        },
      );
    else if (without.length > 0)
      problems.add(["network", "endpoints"], name, `has no endpoint in ${without.join(", ")}`, {
        allowed: `network.zones of ${found.join(", ")}, or no endpoints`,
      });
  }
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
    problems.add(["network", "zones"], zone, `is a zone that this account cannot use in ${aws.region}`, {
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
  validateServices(aws, found, problems);
  validateImages(aws, found, problems);
  return problems.sorted();
}
