/**
 * The account as the region's machinery sees it: instances out of `aws.ec2.Instance` and of Auto Scaling groups, their
 * networks, groups and roles. One file has it all; the engine's stand-in for the provider `aws` writes what Pulumi makes,
 * and the region what hosts and services change.
 */
import { network, numberOf, privateName } from "../../engine/providers/aws/addresses";
import type { AccountData } from "../../engine/providers/aws/account";
import { groupOf } from "../../engine/providers/aws/kinds/scaling";
import { object, objects, text, texts, written } from "../../engine/providers/aws/scope";
import type { Values } from "../../engine/providers/shared/values";

export interface Ec2Instance {
  readonly id: string;
  readonly interfaceId: string;
  /** Its Auto Scaling group; empty: none. */
  readonly group: string;
  readonly address: string;
  /** Elastic or out of Amazon's pool; empty: none. */
  readonly publicAddress: string;
  readonly privateName: string;
  readonly subnetId: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly groups: readonly string[];
  /** Pulumi, or its group, has ended it; what runs on it may still be drained. */
  readonly ending: boolean;
  /** Milliseconds since 1970 at which EC2 takes a spot instance back; undefined: it has said nothing of it. */
  readonly interrupted?: number;
  /** Raised by each stop and start. */
  readonly starts: number;
  readonly instanceType: string;
  readonly imageId: string;
  /** In base64, exactly as it was sent. */
  readonly userData: string;
  readonly profile: string;
  readonly keyName: string;
  readonly hopLimit: number;
  readonly sourceDestCheck: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** Attribute of an instance's interface: when EC2 takes it back. */
export const INTERRUPTED = "_interrupted";

export type Objects = Readonly<Record<string, Values>>;

export function objectsOf(account: AccountData, kind: string): Objects {
  return account.objects[kind] ?? {};
}

/** Instances of Auto Scaling groups have the digits of their interface: the stand-in gives them no id of their own. */
export function instanceIdOf(interfaceId: string, owner: string): string {
  return owner.startsWith("i-") ? owner : interfaceId.replace(/^eni-/, "i-");
}

export function instancesOf(account: AccountData, region: string): Ec2Instance[] {
  return Object.entries(objectsOf(account, "interface")).flatMap(([interfaceId, state]) => {
    const owner = text(state["owner"]);
    const group = groupOf(owner);
    if (!owner.startsWith("i-") && group === undefined) return [];
    const address = text(state["address"]);
    const elastic = text(objectsOf(account, "ec2.Eip")[text(state["allocation"])]?.["publicIp"]);
    const subnetId = text(state["subnetId"]);
    const common = {
      id: instanceIdOf(interfaceId, owner),
      interfaceId,
      group: group ?? "",
      address,
      publicAddress: elastic || text(state["publicAddress"]),
      privateName: privateName(region, address),
      subnetId,
      vpcId: text(state["vpcId"]),
      zone: text(objectsOf(account, "ec2.Subnet")[subnetId]?.["availabilityZone"]),
      groups: texts(state["groups"]),
      ending: state["_ending"] === true,
      ...(typeof state[INTERRUPTED] === "number" ? { interrupted: state[INTERRUPTED] } : {}),
    };
    // What it was started with outlives the entry of the instance, which is gone once Pulumi has ended it.
    const launch = object(group === undefined ? objectsOf(account, "ec2.Instance")[owner] : state["_launch"]);
    return [{ ...common, ...(group === undefined ? ofInstance(launch) : ofTemplate(launch, group, state)) }];
  });
}

type Launched = Omit<
  Ec2Instance,
  | "id"
  | "interfaceId"
  | "group"
  | "address"
  | "publicAddress"
  | "privateName"
  | "subnetId"
  | "vpcId"
  | "zone"
  | "groups"
  | "ending"
  | "interrupted"
>;

function ofInstance(state: Values): Launched {
  const plain = text(state["userData"]);
  return {
    starts: Number(state["_starts"] ?? 1),
    instanceType: text(state["instanceType"]),
    imageId: text(state["ami"]),
    userData: text(state["userDataBase64"]) || Buffer.from(plain).toString("base64"),
    profile: nameIn(text(state["iamInstanceProfile"])),
    keyName: text(state["keyName"]),
    hopLimit: hopLimitOf(state),
    sourceDestCheck: state["sourceDestCheck"] !== false,
    tags: tagsOf(state["tagsAll"] ?? state["tags"]),
  };
}

function ofTemplate(data: Values, group: string, state: Values): Launched {
  const profile = object(data["iamInstanceProfile"]);
  const own = objects(data["tagSpecifications"]).find((one) => one["resourceType"] === "instance");
  return {
    starts: 1,
    instanceType: text(state["_instanceType"]),
    imageId: text(data["imageId"]),
    userData: text(data["userData"]),
    profile: text(profile["name"]) || nameIn(text(profile["arn"])),
    keyName: text(data["keyName"]),
    hopLimit: hopLimitOf(data),
    sourceDestCheck: state["_sourceDestCheck"] !== false,
    tags: { ...tagsOf(own?.["tags"]), "aws:autoscaling:groupName": group },
  };
}

function nameIn(arn: string): string {
  return arn.split("/").pop() ?? "";
}

function hopLimitOf(state: Values): number {
  return Number(object(state["metadataOptions"])["httpPutResponseHopLimit"] ?? 1);
}

export function tagsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(object(value as Values)).map(([key, one]) => [key, written(one)] as const);
  return Object.fromEntries(entries);
}

/** First address of a range and one after it: where a subnet's router and a VPC's name server are. */
export function addressIn(cidr: string, offset: number): string {
  const range = network(cidr);
  if (range === undefined) throw new Error(`${cidr} is no range`);
  const value = range.first + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** The role of an instance profile; undefined: it has none, or not yet. */
export function roleOf(account: AccountData, profile: string): string | undefined {
  return text(objectsOf(account, "iam.InstanceProfile")[profile]?.["role"]) || undefined;
}

/** What a route leads to: a gateway to the internet, one that translates addresses, or another network of people's own. */
export type Way = "internet" | "nat" | "peer";

const EVERYWHERE = "0.0.0.0/0";

/** Whether the route table of a subnet leads out, and how. */
export function wayOut(account: AccountData, subnetId: string): Way | undefined {
  return routesOf(account, subnetId).find(({ cidr }) => cidr === EVERYWHERE)?.way;
}

/** Whether it leads to an address outside the VPC, and how: the longest prefix decides (VPC User Guide, "Route priority"). */
export function wayTo(account: AccountData, subnetId: string, address: string): Way | undefined {
  const value = numberOf(address);
  const found = routesOf(account, subnetId)
    .map((route) => ({ ...route, range: network(route.cidr) }))
    .filter(({ range }) => range !== undefined && range.first <= value && value <= range.last)
    .sort((a, b) => Number(b.range?.prefix) - Number(a.range?.prefix));
  return found[0]?.way;
}

function routesOf(
  account: AccountData,
  subnetId: string,
): { readonly cidr: string; readonly way: Way | undefined }[] {
  const table = routeTableOf(account, subnetId);
  const routes = [
    ...Object.values(objectsOf(account, "ec2.Route")).filter((one) => one["routeTableId"] === table),
    ...objects(objectsOf(account, "ec2.RouteTable")[table]?.["_inline"]),
  ];
  return routes.map((route) => ({
    cidr: text(route["destinationCidrBlock"]) || text(route["cidrBlock"]),
    way: wayOf(route),
  }));
}

function wayOf(route: Values): Way | undefined {
  if (text(route["gatewayId"]).startsWith("igw-")) return "internet";
  if (text(route["natGatewayId"]) !== "") return "nat";
  return text(route["vpcPeeringConnectionId"]) === "" ? undefined : "peer";
}

/** Id of the route table of a subnet; empty: it has none of its own. */
export function routeTableOf(account: AccountData, subnetId: string): string {
  const associations = Object.values(objectsOf(account, "ec2.RouteTableAssociation"));
  return text(associations.find((one) => one["subnetId"] === subnetId)?.["routeTableId"]);
}
