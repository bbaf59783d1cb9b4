import type { Architecture, Machine } from "../settings/resolved";
import type { AwsOs, AwsSettings, AwsSubnet } from "./settings";
import { defined } from "../core/defined";
import { awsOf } from "./spec";
import { privateDnsName } from "../data/regions";

/** What decides whether AWS keeps the instance of a control-plane node, changes it in place, or has to make another one. */
export interface ControlPlaneInstance {
  /** `cp-1` to `cp-7`. */
  readonly name: string;
  /** Name of its Node. */
  readonly nodeName: string;
  /** As `Machine.revision`: another one is another instance. */
  readonly revision: number;
  /** Fixed private address. */
  readonly address: string;
  /** Its subnet; EC2 cannot move an instance to another one. */
  readonly subnet: Pick<AwsSubnet, "name" | "zone" | "cidr" | "subnetType" | "id">;
  readonly instanceType: string;
  readonly architecture: Architecture;
  readonly os: AwsOs;
  /** Pulumi refuses to delete it. */
  readonly protect: boolean;
  /** EC2 refuses to end it. */
  readonly terminationProtection: boolean;
}

/** The instances of a control plane, as one run of the program leaves them. */
export interface ControlPlaneTopology {
  readonly region: string;
  /** The id of an existing VPC, or the range of one that the stack makes. */
  readonly vpc: string;
  /** Path of roles and instance profiles; undefined: `/`. */
  readonly rolePath?: string;
  readonly instances: readonly ControlPlaneInstance[];
  /** For each node the digest of what its step writes and runs on it; undefined: recorded by a run that did not know it. */
  readonly configuration?: Readonly<Record<string, string>>;
}

/** What decides about the instances of a control plane. */
export interface ControlPlaneInstancesSpec {
  readonly aws?: AwsSettings;
  /** Pulumi refuses to delete what cannot be made again. */
  readonly protect: boolean;
  readonly machines: readonly Pick<Machine, "name" | "revision">[];
}

/** What holds the instance of one control-plane node; `controlPlane.deletable` lets go of it. */
export function heldBy(
  settings: Pick<ControlPlaneInstancesSpec, "aws" | "protect">,
  name: string,
): Pick<ControlPlaneInstance, "protect" | "terminationProtection"> & { readonly forceDestroy: boolean } {
  const { deletable, terminationProtection } = awsOf(settings).controlPlane;
  const free = deletable.includes(name);
  return {
    protect: settings.protect && !free,
    terminationProtection: terminationProtection && !free,
    // Lets Pulumi end an instance in spite of termination protection.
    forceDestroy: !settings.protect || free,
  };
}

export function controlPlaneTopology(settings: ControlPlaneInstancesSpec): ControlPlaneTopology {
  const { region, vpc, rolePath, controlPlane } = awsOf(settings);
  return {
    region,
    vpc: vpc.id ?? vpc.cidr,
    ...defined({ rolePath }),
    instances: controlPlane.instances.map(({ name, subnet, address }) => ({
      name,
      nodeName: privateDnsName(address, region),
      revision: settings.machines.find((machine) => machine.name === name)?.revision ?? 1,
      address,
      subnet: subnetOf(vpc.subnets, subnet),
      instanceType: controlPlane.instanceType,
      architecture: controlPlane.architecture,
      os: controlPlane.image.os,
      protect: heldBy(settings, name).protect,
      terminationProtection: heldBy(settings, name).terminationProtection,
    })),
  };
}

function subnetOf(subnets: readonly AwsSubnet[], called: string): ControlPlaneInstance["subnet"] {
  const subnet = subnets.find((one) => one.name === called);
  if (subnet === undefined) throw new RangeError(`there is no subnet ${called}`);
  const { name, zone, cidr, subnetType, id } = subnet;
  return { name, zone, cidr, subnetType, ...(id === undefined ? {} : { id }) };
}

/** What a run would do to the instances of a living control plane. */
export interface TopologyChange {
  /** Another instance because a revision differs. */
  readonly regenerated: readonly string[];
  /** Another instance because it would be elsewhere. */
  readonly moved: readonly string[];
  /** Stopped and started with another type. */
  readonly retyped: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export function topologyChange(living: ControlPlaneTopology, wanted: ControlPlaneTopology): TopologyChange {
  const after = new Map(wanted.instances.map((one) => [one.name, one]));
  const before = new Set(living.instances.map(({ name }) => name));
  const away = living.region !== wanted.region || living.vpc !== wanted.vpc;
  const where = (differs: (old: ControlPlaneInstance, next: ControlPlaneInstance) => boolean): string[] =>
    living.instances.flatMap((old) => {
      const next = after.get(old.name);
      return next !== undefined && differs(old, next) ? [old.name] : [];
    });
  return {
    regenerated: where((old, next) => old.revision !== next.revision),
    moved: where((old, next) => away || placeOf(old) !== placeOf(next)),
    retyped: where((old, next) => old.instanceType !== next.instanceType),
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before].filter((name) => !after.has(name)),
  };
}

function placeOf({ address, subnet }: ControlPlaneInstance): string {
  return [address, subnet.zone, subnet.cidr, subnet.id ?? ""].join(" ");
}

/**
 * Why a living control plane cannot become the wanted one in one run; empty: it can. At most one node is away at a time,
 * and no node leaves whose instance could not be ended.
 */
export function topologyProblems(living: ControlPlaneTopology, wanted: ControlPlaneTopology): string[] {
  const change = topologyChange(living, wanted);
  const replaced = [...new Set([...change.moved, ...change.regenerated])];
  const problems = [
    ...rolePathProblems(living, wanted),
    ...imageProblems(living, wanted, replaced),
    ...onlyNodeProblems(living, wanted, change, replaced),
    ...(living.instances.length > 1 ? severalProblems(living, wanted, change, replaced) : []),
  ];
  // What is refused in any case needs no advice on how to let go of an instance.
  return problems.length > 0 ? problems : holdProblems(living, wanted, [...replaced, ...change.removed]);
}

/** IAM cannot move a role: another one would have to take its name, and running instances would be without until then. */
function rolePathProblems(living: ControlPlaneTopology, wanted: ControlPlaneTopology): string[] {
  const [is, would] = [living, wanted].map(({ rolePath }) => rolePath ?? "/");
  return is === would
    ? []
    : [
        `iam.path: roles and instance profiles are in ${is}, but the settings say ${would}. IAM cannot move them, and instances that ` +
          "run would lose theirs: set it back, or create a new cluster",
      ];
}

/** A running instance keeps its image: another architecture does not start on it, and another system has another user. */
function imageProblems(
  living: ControlPlaneTopology,
  wanted: ControlPlaneTopology,
  replaced: readonly string[],
): string[] {
  const kept = living.instances.filter(({ name }) => !replaced.includes(name));
  return (["architecture", "os"] as const).flatMap((key) => {
    const differing = kept.filter((old) => {
      const next = wanted.instances.find(({ name }) => name === old.name);
      return next !== undefined && next[key] !== old[key];
    });
    const [first] = differing;
    const next = wanted.instances[0]?.[key];
    if (first === undefined || next === undefined) return [];
    return [
      `controlPlane.${key === "os" ? "os" : "instanceType"}: ${list(differing.map(({ name }) => name))} ${differing.length > 1 ? "run" : "runs"} ${first[key]}, ` +
        `but the settings say ${next}. A running instance keeps its image: set it back, or create a new cluster`,
    ];
  });
}

function onlyNodeProblems(
  living: ControlPlaneTopology,
  wanted: ControlPlaneTopology,
  { moved }: TopologyChange,
  replaced: readonly string[],
): string[] {
  const [only, ...others] = living.instances;
  if (only === undefined || others.length > 0 || !replaced.includes(only.name)) return [];
  const why = moved.length > 0 ? movesOf(living, wanted, moved) : revisionOf(living, wanted, only.name);
  return [
    `${why}. It is the only control-plane node: deleting its instance would delete etcd and the cluster. ` +
      (moved.length > 0
        ? "Set it back, or create a new cluster"
        : `Set the revision back to ${only.revision}. For another instance, run up with controlPlane.count: 3 first, then raise the revision. ` +
          "If the instance is lost, docs/how-to/back-up-etcd.md says how to restore the cluster on a new one"),
  ];
}

function severalProblems(
  living: ControlPlaneTopology,
  wanted: ControlPlaneTopology,
  change: TopologyChange,
  replaced: readonly string[],
): string[] {
  const [one, ...others] = replaced;
  if (one === undefined) return [];
  if (others.length > 0)
    return [
      change.moved.length > 1
        ? `${movesOf(living, wanted, change.moved)}. That would replace ${list(replaced)} in one run. Only one control-plane node may be away at a time: set it back, or create a new cluster`
        : `controlPlane.revisions: ${list(replaced)} would be replaced in one run. Only one control-plane node may be away at a time: raise one revision, run up, then raise the next`,
    ];
  const reconfigured = reconfiguredNodes(living, wanted).filter((name) => name !== one);
  const beside = [
    ...(reconfigured.length > 0 ? [`change the configuration of ${list(reconfigured)}`] : []),
    ...(change.added.length > 0 ? [`add ${list(change.added)}`] : []),
    ...(change.removed.length > 0 ? [`remove ${list(change.removed)}`] : []),
    ...(change.retyped.some((name) => name !== one)
      ? ["change controlPlane.instanceType of the others"]
      : []),
  ];
  return beside.length === 0
    ? []
    : [
        `controlPlane: this run would replace ${one} and ${list(beside)}. Only one control-plane node may be away at a time: make one change, run up, then make the other`,
      ];
}

/** Nodes that stay, and that their steps would change: with one of three away, etcd serves nothing while another one restarts. */
function reconfiguredNodes(living: ControlPlaneTopology, wanted: ControlPlaneTopology): string[] {
  const { configuration: before } = living;
  const { configuration: after } = wanted;
  if (before === undefined || after === undefined) return [];
  return Object.keys(after).filter((name) => name in before && before[name] !== after[name]);
}

/** An instance that cannot be ended must not lose its node. */
function holdProblems(
  living: ControlPlaneTopology,
  wanted: ControlPlaneTopology,
  leaving: readonly string[],
): string[] {
  return living.instances
    .filter(({ name }) => leaving.includes(name))
    .flatMap((old) => {
      const next = wanted.instances.find(({ name }) => name === old.name);
      const protectedByPulumi = old.protect && (next === undefined || next.protect);
      if (!protectedByPulumi && !old.terminationProtection) return [];
      const holds = [
        ...(protectedByPulumi ? ["Pulumi's protection (protect: true)"] : []),
        ...(old.terminationProtection ? ["EC2's termination protection"] : []),
      ];
      return [
        `controlPlane: this run would delete the instance of ${old.name}, which is protected by ${list(holds)}. ` +
          `Undo this change, add controlPlane.deletable: [${old.name}], run up, then make the change`,
      ];
    });
}

function revisionOf(living: ControlPlaneTopology, wanted: ControlPlaneTopology, name: string): string {
  const of = ({ instances }: ControlPlaneTopology) =>
    instances.find((one) => one.name === name)?.revision ?? 1;
  return `controlPlane.revisions.${name}: was ${of(living)}, but the settings say ${of(wanted)}`;
}

/** Which settings move the nodes, as far as the places tell. */
function movesOf(
  living: ControlPlaneTopology,
  wanted: ControlPlaneTopology,
  moved: readonly string[],
): string {
  const [name = ""] = moved;
  const at = ({ instances }: ControlPlaneTopology) => instances.find((one) => one.name === name);
  const [old, next] = [at(living), at(wanted)];
  if (old === undefined || next === undefined) throw new RangeError(`${name} does not move`);
  const from = `${name} is at ${old.address} in ${old.subnet.name} (${old.subnet.cidr}, ${old.subnet.zone})`;
  const to = `the settings put it at ${next.address} in ${next.subnet.name} (${next.subnet.cidr}, ${next.subnet.zone})`;
  return `${reasonOf(living, wanted, old, next)}: ${from}, ${to}`;
}

function reasonOf(
  living: ControlPlaneTopology,
  wanted: ControlPlaneTopology,
  old: ControlPlaneInstance,
  next: ControlPlaneInstance,
): string {
  if (living.region !== wanted.region) return "aws:region";
  if (next.subnet.id !== undefined || old.subnet.id !== undefined) return "network.existing";
  if (old.subnet.subnetType !== next.subnet.subnetType)
    return next.subnet.subnetType === "private"
      ? "bastion, access.connectVia, access.endpointAccess or controlPlane.subnetType (write controlPlane.subnetType: public to keep control-plane nodes where they are)"
      : "bastion, access.connectVia or controlPlane.subnetType (write controlPlane.subnetType: private to keep control-plane nodes where they are)";
  if (living.vpc !== wanted.vpc) return "network.vpcCidr";
  return old.subnet.zone === next.subnet.zone ? "network.subnetMask" : "network.zones";
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}
