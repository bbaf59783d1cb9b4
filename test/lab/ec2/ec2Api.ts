/**
 * The actions of EC2 that hosts and controllers call, in its query protocol (EC2 API Reference). Filters other than those below
 * are refused instead of being left out; answers have the elements that callers read, in one page.
 */
import { text } from "../../engine/providers/aws/scope";
import type { AccountData } from "../../engine/providers/aws/account";
import { objectsOf, tagsOf, type Ec2Instance } from "./account";
import { Refusal } from "./refusal";
import { macOf } from "./metadata";

export type Params = Readonly<Record<string, string>>;

export interface RunningInstance extends Ec2Instance {
  /** `running`, `shutting-down`. */
  readonly state: string;
  /** ISO 8601. */
  readonly launched: string;
}

type Xml = string;

export function element(name: string, content: Xml | undefined): Xml {
  return content === undefined ? "" : `<${name}>${content}</${name}>`;
}

export function escaped(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** `Name.1`, `Name.2` ... */
export function numbered(params: Params, prefix: string): string[] {
  const found: string[] = [];
  for (let number = 1; params[`${prefix}.${number}`] !== undefined; number += 1)
    found.push(params[`${prefix}.${number}`] ?? "");
  return found;
}

interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

export function filtersOf(params: Params): Filter[] {
  const found: Filter[] = [];
  for (let number = 1; params[`Filter.${number}.Name`] !== undefined; number += 1)
    found.push({
      name: params[`Filter.${number}.Name`] ?? "",
      values: numbered(params, `Filter.${number}.Value`),
    });
  return found;
}

export function passes(filters: readonly Filter[], facts: (name: string) => string | undefined): boolean {
  return filters.every(({ name, values }) => {
    const fact = facts(name);
    if (fact === undefined && !name.startsWith("tag"))
      throw new Refusal(400, "InvalidParameterValue", `The filter '${name}' is invalid`);
    return fact !== undefined && values.includes(fact);
  });
}

export function tagSet(tags: Readonly<Record<string, string>>): Xml {
  const items = Object.entries(tags).map(
    ([key, value]) => `<item><key>${escaped(key)}</key><value>${escaped(value)}</value></item>`,
  );
  return `<tagSet>${items.join("")}</tagSet>`;
}

export function describeInstances(params: Params, all: readonly RunningInstance[]): Xml {
  const ids = numbered(params, "InstanceId");
  const missing = ids.find((id) => !all.some((one) => one.id === id));
  if (missing !== undefined)
    throw new Refusal(400, "InvalidInstanceID.NotFound", `The instance ID '${missing}' does not exist`);
  const filters = filtersOf(params);
  const found = all.filter(
    (one) => (ids.length === 0 || ids.includes(one.id)) && passes(filters, (name) => factOf(one, name)),
  );
  return `<reservationSet>${found.map(reservation).join("")}</reservationSet>`;
}

function factOf(one: RunningInstance, name: string): string | undefined {
  const tag = /^tag:(.+)$/.exec(name)?.[1];
  if (tag !== undefined) return one.tags[tag];
  const facts: Record<string, string> = {
    "instance-id": one.id,
    "private-ip-address": one.address,
    "private-dns-name": one.privateName,
    "instance-state-name": one.state,
    "vpc-id": one.vpcId,
  };
  return facts[name];
}

const STATES: Readonly<Record<string, number>> = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
};

function reservation(one: RunningInstance): Xml {
  const groups = one.groups.map((id) => `<item><groupId>${id}</groupId></item>`).join("");
  const address = [
    element("privateIpAddress", one.address),
    element("privateDnsName", one.privateName),
    element("primary", "true"),
  ].join("");
  const device = [
    element("networkInterfaceId", one.interfaceId),
    element("subnetId", one.subnetId),
    element("vpcId", one.vpcId),
    element("macAddress", macOf(one.address)),
    element("status", "in-use"),
    element("privateIpAddress", one.address),
    element("privateDnsName", one.privateName),
    element("sourceDestCheck", String(one.sourceDestCheck)),
    element("groupSet", groups),
    element("attachment", "<deviceIndex>0</deviceIndex><status>attached</status>"),
    element("privateIpAddressesSet", `<item>${address}</item>`),
  ].join("");
  const instance = [
    element("instanceId", one.id),
    element("imageId", one.imageId),
    element("instanceState", `<code>${STATES[one.state] ?? 16}</code><name>${one.state}</name>`),
    element("privateDnsName", one.privateName),
    element("dnsName", ""),
    element("instanceType", one.instanceType),
    element("launchTime", one.launched),
    element("placement", `<availabilityZone>${one.zone}</availabilityZone><tenancy>default</tenancy>`),
    element("subnetId", one.subnetId),
    element("vpcId", one.vpcId),
    element("privateIpAddress", one.address),
    one.publicAddress === "" ? "" : element("ipAddress", one.publicAddress),
    element("sourceDestCheck", String(one.sourceDestCheck)),
    element("groupSet", groups),
    tagSet(one.tags),
    element("networkInterfaceSet", `<item>${device}</item>`),
  ].join("");
  return `<item><reservationId>r-${one.id.slice(2)}</reservationId><instancesSet><item>${instance}</item></instancesSet></item>`;
}

export function describeZones(region: string): Xml {
  const items = ["a", "b", "c"].map((letter, index) => {
    const names = [
      element("zoneName", `${region}${letter}`),
      element("zoneId", `euc1-az${index + 1}`),
      element("zoneType", "availability-zone"),
      element("regionName", region),
      element("zoneState", "available"),
    ];
    return `<item>${names.join("")}</item>`;
  });
  return `<availabilityZoneInfo>${items.join("")}</availabilityZoneInfo>`;
}

export function describeSubnets(account: AccountData, params: Params): Xml {
  const filters = filtersOf(params);
  const ids = numbered(params, "SubnetId");
  const items = Object.entries(objectsOf(account, "ec2.Subnet"))
    .filter(([id, state]) => {
      const tags = tagsOf(state["tagsAll"]);
      const facts = (name: string): string | undefined =>
        name === "vpc-id" ? text(state["vpcId"]) : tags[name.replace(/^tag:/, "")];
      return (ids.length === 0 || ids.includes(id)) && passes(filters, facts);
    })
    .map(([id, state]) => {
      const parts = [
        element("subnetId", id),
        element("vpcId", text(state["vpcId"])),
        element("cidrBlock", text(state["cidrBlock"])),
        element("availabilityZone", text(state["availabilityZone"])),
        tagSet(tagsOf(state["tagsAll"])),
      ];
      return `<item>${parts.join("")}</item>`;
    });
  return `<subnetSet>${items.join("")}</subnetSet>`;
}

/** Tags of a resource, as the keys that conditions of policies name. */
export function tagKeys(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

export function groupTags(account: AccountData, group: string): Record<string, string> {
  const tags = objectsOf(account, "autoscaling.Group")[group]?.["tags"];
  const entries = Array.isArray(tags) ? tags : [];
  return Object.fromEntries(
    entries.flatMap((one) => {
      const { key, value } = one as { key?: string; value?: string };
      return key === undefined ? [] : [[key, value ?? ""]];
    }),
  );
}
