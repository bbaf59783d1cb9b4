/** IPv4 arithmetic, and who has which address of a subnet. */
import ipaddr from "ipaddr.js";
import type { Values } from "../shared/values";
import { refuse, text, type Scope } from "./scope";

export interface Network {
  /** With the host's bits cleared. */
  readonly cidr: string;
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

export function network(cidr: string): Network | undefined {
  if (!ipaddr.IPv4.isValidCIDR(cidr)) return undefined;
  const [address, prefix] = ipaddr.IPv4.parseCIDR(cidr);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(numberOf(address.toString()) / size) * size;
  return { cidr: `${addressOf(first)}/${prefix}`, first, last: first + size - 1, prefix };
}

export function numberOf(address: string): number {
  return ipaddr.IPv4.parse(address).octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function addressOf(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

export function overlaps(a: Network, b: Network): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function within(inner: Network, outer: Network): boolean {
  return inner.first >= outer.first && inner.last <= outer.last;
}

/** Network interfaces: what instances, gateways, balancers and endpoints have in a subnet. */
export const interfaces = "interface";

export interface Wanted {
  readonly call: string;
  readonly subnetId: string;
  readonly groups: readonly string[];
  /** What it belongs to, such as `instance i-1`. */
  readonly owner: string;
  /** A private address of one's own; empty: one that is free. */
  readonly address?: string;
  /** With a public address out of Amazon's pool. */
  readonly isPublic?: boolean;
}

/** Makes an interface. Codes as in https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html. */
export function attach(scope: Scope, wanted: Wanted): { id: string; address: string; publicAddress: string } {
  const { call, subnetId, groups, owner } = wanted;
  const subnet = scope.find("ec2.Subnet", subnetId);
  if (!subnet) refuse(call, "InvalidSubnetID.NotFound", `The subnet ID '${subnetId}' does not exist`);
  checkGroups(scope, call, groups, text(subnet["vpcId"]));
  const address = wanted.address || freeAddress(scope, call, subnetId, subnet);
  if (wanted.address) checkAddress(scope, call, subnetId, subnet, address);
  const id = scope.newId("eni");
  const publicAddress = wanted.isPublic ? publicAddressFor(scope) : "";
  scope.put(interfaces, id, {
    subnetId,
    vpcId: subnet["vpcId"] ?? null,
    address,
    groups: [...groups],
    owner,
    publicAddress,
    allocation: "",
  });
  return { id, address, publicAddress };
}

export function detach(scope: Scope, owner: string): void {
  for (const { id } of running(scope, owner)) end(scope, id);
}

/** The interfaces of what belongs to an owner and is not about to end. */
export function running(
  scope: Scope,
  owner: string,
): readonly { readonly id: string; readonly state: Values }[] {
  return scope.where(interfaces, { owner }).filter(({ state }) => state["_ending"] !== true);
}

/** Ends what has the interface: at once, or where hosts run behind interfaces once its host is down, by whoever runs it. */
export function end(scope: Scope, id: string): void {
  const there = scope.find(interfaces, id);
  const hasHost = scope.controls.hosts === true && /^(i-|autoscaling group )/.test(text(there?.["owner"]));
  if (hasHost) scope.put(interfaces, id, { ...there, _ending: true });
  else scope.remove(interfaces, id);
}

export function checkGroups(scope: Scope, call: string, groups: readonly string[], vpcId: string): void {
  if (groups.length > scope.quota("groupsPerInterface")) {
    refuse(
      call,
      "SecurityGroupsPerInterfaceLimitExceeded",
      "The maximum number of security groups per interface has been reached.",
    );
  }
  for (const group of groups) {
    const found = scope.find("ec2.SecurityGroup", group);
    if (!found) refuse(call, "InvalidGroup.NotFound", `The security group '${group}' does not exist`);
    if (found["vpcId"] !== vpcId) {
      refuse(
        call,
        "InvalidParameter",
        `Security group ${group} and the subnet belong to different networks.`,
      );
    }
  }
}

/** AWS keeps the first four addresses and the last (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html). */
function isReserved(range: Network, value: number): boolean {
  return value < range.first + 4 || value === range.last;
}

function checkAddress(scope: Scope, call: string, subnetId: string, subnet: Values, address: string): void {
  const range = network(text(subnet["cidrBlock"]));
  if (!range) throw new Error(`subnet ${subnetId} has no range`);
  const value = ipaddr.IPv4.isValid(address) ? numberOf(address) : -1;
  if (value < range.first || value > range.last) {
    refuse(
      call,
      "InvalidParameterValue",
      `Address ${address} does not fall within the subnet's address range`,
    );
  }
  if (isReserved(range, value)) {
    refuse(call, "InvalidParameterValue", `Address ${address} is in subnet's reserved address range`);
  }
  if (scope.where(interfaces, { subnetId, address }).length > 0) {
    refuse(call, "InvalidIPAddress.InUse", `Address ${address} is in use.`);
  }
}

/** Automatic assignment leaves reservations alone (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html). */
function freeAddress(scope: Scope, call: string, subnetId: string, subnet: Values): string {
  const range = network(text(subnet["cidrBlock"]));
  if (!range) throw new Error(`subnet ${subnetId} has no range`);
  const used = new Set(scope.where(interfaces, { subnetId }).map(({ state }) => text(state["address"])));
  const kept = scope
    .where("ec2.SubnetCidrReservation", { subnetId })
    .map(({ state }) => network(text(state["cidrBlock"])))
    .filter((entry) => entry !== undefined);
  for (let value = range.first; value <= range.last; value++) {
    if (isReserved(range, value) || used.has(addressOf(value))) continue;
    const reservation = kept.find((entry) => value >= entry.first && value <= entry.last);
    if (!reservation) return addressOf(value);
    value = reservation.last;
  }
  return refuse(
    call,
    "InsufficientFreeAddressesInSubnet",
    `There are not enough free addresses in subnet '${subnetId}' to satisfy the requested number of instances.`,
  );
}

/** Out of TEST-NET-2 (RFC 5737): nobody's. */
export function publicAddressFor(scope: Scope): string {
  const used = new Set([
    ...scope.all(interfaces).map(({ state }) => text(state["publicAddress"])),
    ...scope.all("ec2.Eip").map(({ state }) => text(state["publicIp"])),
  ]);
  const start = Number.parseInt(scope.digits("address").slice(0, 4), 16) % 250;
  for (let step = 0; step < 254; step++) {
    const address = `198.51.100.${((start + step) % 254) + 1}`;
    if (!used.has(address)) return address;
  }
  throw new Error("the stand-in has no more public addresses");
}

/** `ip-10-0-0-5.eu-central-1.compute.internal`; us-east-1 is older than the scheme. */
export function privateName(region: string, address: string): string {
  const suffix = region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`;
  return `ip-${address.replaceAll(".", "-")}.${suffix}`;
}

export function publicName(region: string, address: string): string {
  if (address === "") return "";
  const suffix = region === "us-east-1" ? "compute-1.amazonaws.com" : `${region}.compute.amazonaws.com`;
  return `ec2-${address.replaceAll(".", "-")}.${suffix}`;
}
