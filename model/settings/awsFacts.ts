import {
  NARROWEST_SUBNET,
  type SubnetType,
  VPC_PREFIX,
  balancerAddress,
  bastionAddress,
  defaultSubnetMask,
  controlPlaneAddress,
  planSubnets,
  reservedPart,
  subnetName,
  controlPlaneSubnet,
  zonePlaces,
} from "../aws/addressPlan";
import { endpointServices, type EndpointService } from "../aws/endpoints/settings";
import { architectureOf } from "../aws/instanceTypes";
import { ZONE_LETTERS, isRegion, zoneLetter, zoneLetters, zoneName } from "../data/regions";
import { type Range, parseRange } from "../network/addresses";
import { AWS_DEFAULTS } from "./awsDefaults";
import { type Draft, type PlacedRange, pick } from "./draft";
import type { Path } from "./problems";
import type { Architecture } from "./resolved";
import type { AwsAccess, AwsControlPlaneInstance, AwsSubnet, AwsVpc } from "./resolvedAws";
import type { AwsInput } from "./schema/cluster";

/**
 * What settings of platform aws come to, decided in one place for the checks, which see settings with parts refused, and
 * for the resolved settings. What stands here is undefined where it cannot be told.
 *
 * Where control-plane nodes are and how they are reached, by what is written:
 *
 * | Written                                   | `access.connectVia` | `controlPlane.subnetType` | `access.endpointAccess` |
 * | ----------------------------------------- | ---------------- | -------------------- | ----------------- |
 * | none of these                             | direct           | public               | public            |
 * | `bastion`                                 | bastion          | private              | public            |
 * | `access.connectVia: vpn`                     | vpn              | private              | private           |
 * | private control-plane nodes or endpoint, and no way   | refused          |                      |                   |
 *
 * None of it depends on the number of control-plane nodes: a cluster that grows from one to three keeps its first
 * control-plane node where it is.
 */
export interface AwsFacts {
  readonly input: Draft<AwsInput>;
  /** Set when it is a region of the table. */
  readonly region?: string;
  readonly vpc?: PlacedRange;
  /** The VPC exists already. */
  readonly existing: boolean;
  /** Names of zones, in order. */
  readonly zones: readonly string[];
  readonly connectVia?: AwsAccess["connectVia"];
  readonly endpointAccess?: AwsAccess["endpointAccess"];
  /** Of the control-plane nodes. */
  readonly subnetType?: SubnetType;
  readonly count?: number;
  readonly architecture?: Architecture;
  readonly loadBalancer?: boolean;
  readonly bastion: boolean;
  readonly nat?: AwsVpc["nat"];
  /** Services with an endpoint in the VPC. */
  readonly endpoints: readonly EndpointService[];
  /** Kinds of subnets that are needed. */
  readonly subnetTypes: readonly SubnetType[];
  readonly subnetMask?: number;
  /** Made or given; none where a zone has no place. */
  readonly subnets: readonly AwsSubnet[];
  readonly controlPlaneNodes: readonly AwsControlPlaneInstance[];
  readonly pools: readonly AwsPoolFacts[];
}

export interface AwsPoolFacts {
  readonly name: string;
  readonly path: Path;
  readonly input: Draft<PoolInput>;
  readonly windows: boolean;
  /** First choice first. */
  readonly instanceTypes: readonly string[];
  readonly architecture?: Architecture;
  readonly min?: number;
  readonly max?: number;
  readonly subnetType?: SubnetType;
  readonly zones: readonly string[];
  readonly subnets: readonly AwsSubnet[];
}

export type PoolInput = NonNullable<AwsInput["workers"]>[string];

export function awsFacts(input: Draft<AwsInput>, region: string | undefined): AwsFacts {
  const known = region !== undefined && isRegion(region) ? region : undefined;
  const control = input.controlPlane ?? {};
  const count = control.count;
  const existing = input.network?.existing !== undefined;
  const zones = zonesOf(input, known, count);
  const bastion = input.bastion !== undefined;
  const connectVia = connectViaOf(input, bastion);
  const subnetType = pick(
    control,
    "subnetType",
    connectVia && (connectVia === "direct" ? "public" : "private"),
  );
  const endpointAccess = pick(
    input.access ?? {},
    "endpointAccess",
    connectVia && (connectVia === "vpn" ? "private" : "public"),
  );
  const loadBalancer =
    count === undefined
      ? undefined
      : count > 1 || pick(control, "loadBalancer", subnetType === "private" && endpointAccess === "public");
  // A pool that was refused as a whole says nothing.
  const workers = Object.entries(input.workers ?? {}).filter(([, pool]) => pool !== undefined);
  const reachOf = (pool: Draft<PoolInput> | undefined) => pick(pool ?? {}, "subnetType", subnetType);
  const privates = subnetType === "private" || workers.some(([, pool]) => reachOf(pool) === "private");
  const nat = existing ? "none" : pick(input.network ?? {}, "nat", privates ? "one" : "none");
  const publics =
    subnetType === "public" ||
    bastion ||
    (nat !== undefined && nat !== "none") ||
    (loadBalancer === true && endpointAccess === "public") ||
    workers.some(([, pool]) => reachOf(pool) === "public");
  const subnetTypes: SubnetType[] = [
    ...(publics ? (["public"] as const) : []),
    ...(privates ? (["private"] as const) : []),
  ];
  const vpc = vpcOf(input);
  const subnetMask = pick(input.network ?? {}, "subnetMask", vpc && defaultSubnetMask(vpc.range));
  const subnets = existing
    ? givenSubnets(input, known)
    : madeSubnets(vpc?.range, zones, subnetTypes, subnetMask);
  const own = subnets.filter((subnet) => subnet.subnetType === subnetType);
  return {
    input,
    region: known,
    vpc,
    existing,
    zones,
    connectVia,
    endpointAccess,
    subnetType,
    count,
    architecture: pick(control, "architecture", archOf(control.instanceType)),
    loadBalancer,
    bastion,
    nat,
    endpoints: endpointsOf(input),
    subnetTypes,
    subnetMask,
    subnets,
    controlPlaneNodes: instancesOf(own, count),
    pools: workers.map(([name, pool]) => {
      const at = reachOf(pool);
      const wanted = pool?.zones?.flatMap((zone) => fullZone(zone, known) ?? []) ?? zones;
      return {
        ...poolFacts(name, pool ?? {}),
        subnetType: at,
        zones: wanted,
        subnets: subnets.filter((subnet) => subnet.subnetType === at && wanted.includes(subnet.zone)),
      };
    }),
  };
}

/** `a` or `eu-central-1a` as a zone's name; undefined for what is none of the region. */
export function fullZone(text: string | undefined, region: string | undefined): string | undefined {
  if (text === undefined || region === undefined) return undefined;
  const letter = text.startsWith(region) ? text.slice(region.length) : text;
  return zoneLetters(region).includes(letter) ? zoneName(region, letter) : undefined;
}

/** Private addresses that the API's name leads to. */
export function endpointAddressesOf(facts: AwsFacts): { subnet: string; address: string }[] {
  if (facts.loadBalancer !== true) {
    return facts.controlPlaneNodes.slice(0, 1).map(({ subnet, address }) => ({ subnet, address }));
  }
  const own = facts.subnets.filter((subnet) => subnet.subnetType === facts.subnetType);
  return own.map((subnet) => ({ subnet: subnet.name, address: balancerAddress(subnet) }));
}

/** The bastion's public subnet, the first there is, and its fixed private address. */
export function bastionPlace(facts: AwsFacts): { subnet: string; address: string } | undefined {
  const subnet = facts.subnets.find((one) => one.subnetType === "public");
  return facts.bastion && subnet !== undefined
    ? { subnet: subnet.name, address: bastionAddress(subnet) }
    : undefined;
}

function endpointsOf({ network, access, ecr }: Draft<AwsInput>): EndpointService[] {
  const given = network?.endpoints;
  return given === undefined
    ? []
    : endpointServices(given, { ecr: ecr !== undefined, sessionManager: access?.sessionManager === true });
}

function connectViaOf(input: Draft<AwsInput>, bastion: boolean): AwsAccess["connectVia"] | undefined {
  const walled = input.controlPlane?.subnetType === "private" || input.access?.endpointAccess === "private";
  return pick(input.access ?? {}, "connectVia", bastion ? "bastion" : walled ? undefined : "direct");
}

function zonesOf(input: Draft<AwsInput>, region: string | undefined, count: number | undefined): string[] {
  const given = input.network?.existing?.subnets;
  if (given !== undefined) {
    return [...new Set(given.flatMap((subnet) => fullZone(subnet?.zone, region) ?? []))];
  }
  if (region === undefined) return [];
  const zones = pick(input.network ?? {}, "zones", (count ?? 1) > 1 ? 3 : 1);
  if (typeof zones === "number") {
    return zoneLetters(region)
      .slice(0, zones)
      .map((letter) => zoneName(region, letter));
  }
  return [...new Set((zones ?? []).flatMap((zone) => fullZone(zone, region) ?? []))];
}

function vpcOf(input: Draft<AwsInput>): PlacedRange | undefined {
  const network = input.network ?? {};
  const existing = input.network?.existing !== undefined;
  const text = pick(network, "vpcCidr", existing ? undefined : AWS_DEFAULTS.vpcCidr);
  const parsed = text === undefined ? undefined : parseRange(text);
  if (parsed === undefined || "problem" in parsed) return undefined;
  return { path: ["network", "vpcCidr"], name: "the VPC", range: parsed, given: "vpcCidr" in network };
}

/** None where a zone has no place: half a plan would say nothing true. */
function madeSubnets(
  vpc: Range | undefined,
  zones: readonly string[],
  subnetTypes: readonly SubnetType[],
  subnetMask: number | undefined,
): AwsSubnet[] {
  if (vpc === undefined || subnetMask === undefined || subnetMask > NARROWEST_SUBNET) return [];
  if (vpc.prefix < VPC_PREFIX.widest) return [];
  const places = zonePlaces(vpc, subnetMask);
  if (zones.some((zone) => ZONE_LETTERS.indexOf(zoneLetter(zone)) >= places)) return [];
  return planSubnets({ vpcCidr: vpc.text, zones, subnetTypes, subnetMask });
}

function givenSubnets(input: Draft<AwsInput>, region: string | undefined): AwsSubnet[] {
  return (input.network?.existing?.subnets ?? []).flatMap((subnet) => {
    const zone = fullZone(subnet?.zone, region);
    if (subnet?.id === undefined || zone === undefined || subnet.subnetType === undefined) return [];
    const parsed = subnet.cidr === undefined ? undefined : parseRange(subnet.cidr);
    if (parsed === undefined || "problem" in parsed || parsed.prefix > NARROWEST_SUBNET) return [];
    const { id, subnetType } = subnet;
    return [
      {
        name: subnetName(subnetType, zone),
        zone,
        cidr: parsed.text,
        subnetType,
        id,
        reserved: reservedPart(parsed).text,
      },
    ];
  });
}

/** Control-plane nodes go round the zones that have a subnet for them. */
function instancesOf(own: readonly AwsSubnet[], count: number | undefined): AwsControlPlaneInstance[] {
  const zones = [...new Set(own.map((subnet) => subnet.zone))];
  return Array.from({ length: Math.min(count ?? 0, 7) }, (_, index) => index).flatMap((index) => {
    const subnet = controlPlaneSubnet(own, zones, index);
    return subnet === undefined
      ? []
      : [{ name: `cp-${index + 1}`, subnet: subnet.name, address: controlPlaneAddress(subnet, index) }];
  });
}

function poolFacts(
  name: string,
  input: Draft<PoolInput>,
): Pick<
  AwsPoolFacts,
  "name" | "path" | "input" | "windows" | "instanceTypes" | "architecture" | "min" | "max"
> {
  const instanceTypes = [
    ...new Set([input.instanceType, ...(input.instanceTypes ?? [])].filter((type) => type !== undefined)),
  ];
  const fixed = pick(input, "count", AWS_DEFAULTS.poolSize);
  const scales = "min" in input || "max" in input;
  return {
    name,
    path: ["workers", name],
    input,
    windows: input.os?.startsWith("windows-") ?? false,
    instanceTypes,
    architecture: pick(input, "architecture", archOf(instanceTypes[0])),
    min: scales ? pick(input, "min", Math.min(AWS_DEFAULTS.poolSize, input.max ?? 1)) : fixed,
    max: scales ? input.max : fixed,
  };
}

/** Of an unknown family the architecture is taken to be the usual one; an advisory says so. */
function archOf(instanceType: string | undefined): Architecture | undefined {
  return instanceType === undefined ? undefined : (architectureOf(instanceType) ?? AWS_DEFAULTS.architecture);
}
