import type { AwsSettings } from "../aws/settings";
import { cloudJourneys, type CloudJourneysSpec } from "./awsJourneys";
import { readCloud, type BootPlan, type CloudPlan } from "./cloud";
import { hostJourneys, type HostJourneysSpec, type HostPlan } from "./hostJourneys";
import type { Journey, UnusedRule } from "./journey";
import type { ReachResource } from "./planned";

/** What decides who must reach whom. */
export type ReachSpec = CloudJourneysSpec & HostJourneysSpec;

/** What packets pass: resources on AWS, files on machines. */
export interface ReachPlan {
  readonly resources: readonly ReachResource[];
  readonly boots: readonly BootPlan[];
  readonly hosts: readonly HostPlan[];
}

/** One flow with all ways that it has to take. */
export interface ReachedFlow {
  readonly reason: string;
  /** Protocol and ports. */
  readonly what: string;
  /** How many pairs of a source and a target were walked. */
  readonly ways: number;
  /** The first way that arrives: who calls whom. */
  readonly example?: { readonly from: string; readonly to: string; readonly path: readonly string[] };
  /** What stops it, and where first; empty: every way arrives. */
  readonly blocked: readonly BlockedWay[];
}

export interface BlockedWay {
  readonly from: string;
  readonly to: string;
  /** The hop or the rule, and why. */
  readonly why: string;
  /** How many ways end there. */
  readonly ways: number;
}

/** Whether every flow arrives through what is planned, and which rules nothing needs. */
export interface Reachability {
  readonly flows: readonly ReachedFlow[];
  readonly unused: readonly UnusedRule[];
}

/** Walks every flow of the settings through the plan. Nothing of the plan's rules is taken from the flows. */
export function reachability(settings: ReachSpec, plan: ReachPlan): Reachability {
  const { journeys, unused } =
    settings.aws === undefined
      ? hostJourneys(settings, plan.hosts)
      : inCloud(settings, settings.aws, readCloud(plan.resources, plan.boots));
  return { flows: together(journeys), unused };
}

function inCloud(
  settings: ReachSpec,
  aws: AwsSettings,
  cloud: CloudPlan,
): { readonly journeys: readonly Journey[]; readonly unused: readonly UnusedRule[] } {
  const used = new Set<string>();
  const journeys = cloudJourneys(settings, aws, cloud, used);
  // A group that no host has yet, as of workers before the first pool, lets nobody in.
  const ofHosts = new Set(cloud.interfaces.flatMap(({ groups }) => groups));
  const isOfHosts = (group: string | undefined): boolean =>
    group === undefined || ofHosts.has(group) || !cloud.groups.has(group);
  const unused = cloud.rules
    .filter(({ name, group, peer }) => !used.has(name) && isOfHosts(group) && isOfHosts(peer))
    .map(({ name, group }) => ({ rule: name, where: `security group ${group}` }));
  return { journeys, unused };
}

function together(journeys: readonly Journey[]): ReachedFlow[] {
  const groups = new Map<string, Journey[]>();
  for (const one of journeys) {
    const key = `${one.reason}\n${one.what}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [one]);
    else known.push(one);
  }
  return [...groups.values()].map((ways) => {
    const [{ reason, what }] = ways;
    const example = ways.find(({ blocked }) => blocked === undefined);
    return {
      reason,
      what,
      ways: ways.length,
      ...(example === undefined
        ? {}
        : { example: { from: example.from, to: example.to, path: [...new Set(example.hops)] } }),
      blocked: blockedOf(ways),
    };
  });
}

function blockedOf(ways: readonly Journey[]): BlockedWay[] {
  const found = new Map<string, BlockedWay>();
  for (const { from, to, blocked: why } of ways) {
    if (why === undefined) continue;
    const known = found.get(why);
    found.set(why, known === undefined ? { from, to, why, ways: 1 } : { ...known, ways: known.ways + 1 });
  }
  return [...found.values()];
}
