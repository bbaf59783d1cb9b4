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
} from "./addressPlan";
import { endpointServices, type EndpointService } from "./endpoints/settings";
import { architectureOf } from "./instanceTypes";
import { ZONE_LETTERS, isRegion, zoneLetter, zoneLetters, zoneName } from "../data/regions";
import { type Range, range } from "../network/addresses";
import { AWS_DEFAULTS } from "./defaults";
import type { PlacedRange } from "../settings/placed";
import type { Path } from "../settings/problems";
import type { Architecture } from "../settings/resolved";
import type { AwsAccess, AwsControlPlaneInstance, AwsSubnet, AwsVpc } from "./settings";
import type { AwsInput, FilledAws } from "../settings/schema/cluster";

/**
 * What settings of platform aws come to: where control-plane nodes are and how they are reached, by what is written.
 *
 * | Written                                   | `access.connectVia` | `controlPlane.subnetType` | `access.endpointAccess` |
 * | ----------------------------------------- | ------------------- | ------------------------- | ----------------------- |
 * | none of these                             | direct              | public                    | public                  |
 * | `bastion`                                 | bastion             | private                   | public                  |
 * | `access.connectVia: vpn`                  | vpn                 | private                   | private                 |
 * | private control-plane nodes or endpoint, and no way   | refused             |                           |                         |
 *
 * None of it depends on the number of control-plane nodes: a cluster that grows from one to three keeps its first
 * control-plane node where it is.
 */
export interface AwsLayout {
  readonly input: AwsInput;
  /** Set when it is a region of the table. */
  readonly region: string | undefined;
  readonly vpc: PlacedRange;
  /** The VPC exists already. */
  readonly existing: boolean;
  /** Names of zones, in order. */
  readonly zones: readonly string[];
  /** undefined: there is no way, which is refused. */
  readonly connectVia: AwsAccess["connectVia"] | undefined;
  readonly endpointAccess: AwsAccess["endpointAccess"];
  /** Type of the control-plane nodes' subnets. */
  readonly subnetType: SubnetType;
  readonly count: number;
  readonly architecture: Architecture;
  readonly loadBalancer: boolean;
  readonly bastion: boolean;
  readonly nat: AwsVpc["nat"];
  /** Services with an endpoint in the VPC. */
  readonly endpoints: readonly EndpointService[];
  /** Kinds of subnets that are needed. */
  readonly subnetTypes: readonly SubnetType[];
  readonly subnetMask: number;
  /** Made or given; none where a zone has no place. */
  readonly subnets: readonly AwsSubnet[];
  readonly controlPlaneNodes: readonly AwsControlPlaneInstance[];
  readonly pools: readonly PoolLayout[];
}

export interface PoolLayout {
  readonly name: string;
  readonly path: Path;
  readonly input: PoolInput;
  /** The same with defaults. */
  readonly filled: FilledAws["workers"][string];
  readonly windows: boolean;
  /** First choice first. */
  readonly instanceTypes: readonly string[];
  readonly architecture: Architecture;
  readonly min: number;
  readonly max: number;
  readonly subnetType: SubnetType;
  readonly zones: readonly string[];
  readonly subnets: readonly AwsSubnet[];
}

export type PoolInput = NonNullable<AwsInput["workers"]>[string];

export function awsLayout(input: AwsInput, filled: FilledAws, stackRegion: string | undefined): AwsLayout {
  const region = stackRegion !== undefined && isRegion(stackRegion) ? stackRegion : undefined;
  const { controlPlane, network, access } = filled;
  const { count } = controlPlane;
  const existing = network.existing !== undefined;
  const zones = zonesOf(filled, region);
  const bastion = filled.bastion !== undefined;
  const connectVia = connectViaOf(filled);
  const subnetType = controlPlane.subnetType ?? (connectVia === "direct" ? "public" : "private");
  const endpointAccess = access.endpointAccess ?? (connectVia === "vpn" ? "private" : "public");
  const publicBalancer = endpointAccess === "public";
  const loadBalancer =
    count > 1 || (controlPlane.loadBalancer ?? (subnetType === "private" && publicBalancer));
  const workers = Object.entries(filled.workers);
  const types = [subnetType, ...workers.map(([, pool]) => pool.subnetType ?? subnetType)];
  const privates = types.includes("private");
  const nat = existing ? "none" : (network.nat ?? (privates ? "one" : "none"));
  const publics = types.includes("public") || bastion || nat !== "none" || (loadBalancer && publicBalancer);
  const subnetTypes: SubnetType[] = [
    ...(publics ? (["public"] as const) : []),
    ...(privates ? (["private"] as const) : []),
  ];
  const vpc = range(network.vpcCidr);
  const subnetMask = network.subnetMask ?? defaultSubnetMask(vpc);
  const subnets = existing ? givenSubnets(filled, region) : madeSubnets(vpc, zones, subnetTypes, subnetMask);
  return {
    input,
    region,
    vpc: {
      path: ["network", "vpcCidr"],
      name: "the VPC",
      range: vpc,
      given: input.network?.vpcCidr !== undefined,
    },
    existing,
    zones,
    connectVia,
    endpointAccess,
    subnetType,
    count,
    architecture: controlPlane.architecture ?? archOf(controlPlane.instanceType),
    loadBalancer,
    bastion,
    nat,
    endpoints: endpointsOf(filled),
    subnetTypes,
    subnetMask,
    subnets,
    controlPlaneNodes: instancesOf(
      subnets.filter((subnet) => subnet.subnetType === subnetType),
      count,
    ),
    pools: workers.map(([name, pool]) => {
      const at = pool.subnetType ?? subnetType;
      const wanted = pool.zones?.flatMap((zone) => fullZone(zone, region) ?? []) ?? zones;
      return {
        ...poolLayout(name, pool),
        input: input.workers?.[name] ?? {},
        subnetType: at,
        zones: wanted,
        subnets: subnets.filter((subnet) => subnet.subnetType === at && wanted.includes(subnet.zone)),
      };
    }),
  };
}

/** `a` or `eu-central-1a` as a zone's name; undefined if the region has no such zone. */
export function fullZone(text: string, region: string | undefined): string | undefined {
  if (region === undefined) return undefined;
  const letter = text.startsWith(region) ? text.slice(region.length) : text;
  return zoneLetters(region).includes(letter) ? zoneName(region, letter) : undefined;
}

/** Private addresses that the API's name leads to. */
export function endpointAddressesOf(facts: AwsLayout): { subnet: string; address: string }[] {
  if (!facts.loadBalancer) {
    return facts.controlPlaneNodes.slice(0, 1).map(({ subnet, address }) => ({ subnet, address }));
  }
  const own = facts.subnets.filter((subnet) => subnet.subnetType === facts.subnetType);
  return own.map((subnet) => ({ subnet: subnet.name, address: balancerAddress(subnet) }));
}

/** The bastion's public subnet, the first there is, and its fixed private address. */
export function bastionPlace(facts: AwsLayout): { subnet: string; address: string } | undefined {
  const subnet = facts.subnets.find((one) => one.subnetType === "public");
  return facts.bastion && subnet !== undefined
    ? { subnet: subnet.name, address: bastionAddress(subnet) }
    : undefined;
}

function endpointsOf({ network, access, ecr }: FilledAws): EndpointService[] {
  const given = network.endpoints;
  return given === undefined
    ? []
    : endpointServices(given, { ecr: ecr !== undefined, sessionManager: access.sessionManager });
}

function connectViaOf({ access, controlPlane, bastion }: FilledAws): AwsAccess["connectVia"] | undefined {
  const walled = controlPlane.subnetType === "private" || access.endpointAccess === "private";
  return access.connectVia ?? (bastion !== undefined ? "bastion" : walled ? undefined : "direct");
}

function zonesOf({ network, controlPlane }: FilledAws, region: string | undefined): string[] {
  if (region === undefined) return [];
  const zones =
    network.existing?.subnets.map(({ zone }) => zone) ?? network.zones ?? (controlPlane.count > 1 ? 3 : 1);
  const names = typeof zones === "number" ? [...zoneLetters(region).slice(0, zones)] : zones;
  return [...new Set(names.flatMap((zone) => fullZone(zone, region) ?? []))];
}

/** None where a zone has no place: half a plan would say nothing true. */
function madeSubnets(
  vpc: Range,
  zones: readonly string[],
  subnetTypes: readonly SubnetType[],
  subnetMask: number,
): AwsSubnet[] {
  if (subnetMask > NARROWEST_SUBNET || vpc.prefix < VPC_PREFIX.widest) return [];
  const places = zonePlaces(vpc, subnetMask);
  if (zones.some((zone) => ZONE_LETTERS.indexOf(zoneLetter(zone)) >= places)) return [];
  return planSubnets({ vpcCidr: vpc.text, zones, subnetTypes, subnetMask });
}

function givenSubnets({ network }: FilledAws, region: string | undefined): AwsSubnet[] {
  return (network.existing?.subnets ?? []).flatMap(({ id, cidr, subnetType, zone: given }) => {
    const zone = fullZone(given, region);
    const parsed = range(cidr);
    if (zone === undefined || parsed.prefix > NARROWEST_SUBNET) return [];
    const name = subnetName(subnetType, zone);
    return [{ name, zone, cidr: parsed.text, subnetType, id, reserved: reservedPart(parsed).text }];
  });
}

/** Control-plane nodes go round the zones that have a subnet for them. */
function instancesOf(own: readonly AwsSubnet[], count: number): AwsControlPlaneInstance[] {
  const zones = [...new Set(own.map((subnet) => subnet.zone))];
  return Array.from({ length: Math.min(count, 7) }, (_, index) => index).flatMap((index) => {
    const subnet = controlPlaneSubnet(own, zones, index);
    return subnet === undefined
      ? []
      : [{ name: `cp-${index + 1}`, subnet: subnet.name, address: controlPlaneAddress(subnet, index) }];
  });
}

function poolLayout(
  name: string,
  filled: FilledAws["workers"][string],
): Omit<PoolLayout, "input" | "subnetType" | "zones" | "subnets"> {
  const { instanceType, instanceTypes: others = [], count = AWS_DEFAULTS.poolSize } = filled;
  const instanceTypes = [...new Set([...(instanceType === undefined ? [] : [instanceType]), ...others])];
  const max = filled.max ?? filled.min ?? count;
  return {
    name,
    path: ["workers", name],
    filled,
    windows: filled.os?.startsWith("windows-") ?? false,
    instanceTypes,
    architecture: filled.architecture ?? archOf(instanceTypes[0]),
    min: filled.min ?? (filled.max === undefined ? count : Math.min(AWS_DEFAULTS.poolSize, max)),
    max,
  };
}

/** Of an unknown family the architecture is taken to be the usual one; an advisory says so. */
function archOf(instanceType: string | undefined): Architecture {
  return architectureOf(instanceType ?? "") ?? AWS_DEFAULTS.architecture;
}
