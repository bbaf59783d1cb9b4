import "../../../../aws";
import * as path from "node:path";
import { readEnvironment, type EnvironmentConfig } from "../../../../plan/config";
import { planFiles } from "../../../../plan/files";
import { recordEnvironment } from "../../../../plan/program";
import { reachPlan } from "../../../../plan/reach";
import { plannedResources } from "../../../../plan/resources";
import { reachability, type ReachPlan, type ReachSpec } from "../../../../model/reach/reach";
import type { ReachResource } from "../../../../model/reach/planned";
import type { RawSettings } from "../../../support/settings";

export interface Planned {
  readonly settings: ReachSpec;
  readonly plan: ReachPlan;
}

const ROOT = path.resolve(__dirname, "../../../..");

/** One of the repository's environments, with a change of its settings as written. */
export async function planned(
  environment: string,
  change: (cluster: RawSettings) => void = () => undefined,
): Promise<Planned> {
  const configFile = path.join(ROOT, `Pulumi.${environment}.yaml`);
  const config = readEnvironment({ environment, configFile, configFileGiven: false, out: "" });
  const cluster = structuredClone(config.cluster) as RawSettings;
  change(cluster);
  return recorded({ ...config, cluster });
}

async function recorded(config: EnvironmentConfig): Promise<Planned> {
  const { settings, resources: all } = await recordEnvironment(config);
  const resources = plannedResources(all);
  return { settings, plan: reachPlan(settings, all, resources, planFiles(config.environment, resources)) };
}

/** What the walk says: a line for each thing that stops a flow, and for each rule that no flow uses. */
export function findings({ settings, plan }: Planned): string[] {
  const { flows, unused } = reachability(settings, plan);
  return [
    ...flows.flatMap(({ blocked }) => blocked.map(({ why }) => why)),
    ...unused.map(({ rule, where }) => `unused: ${rule} of ${where}`),
  ];
}

/** A plan without the resources of these names; a name that is not there is a mistake of the test. */
export function without(planned: Planned, ...names: readonly string[]): Planned {
  for (const name of names) resourceOf(planned, name);
  return resources(planned, (all) => all.filter((one) => !names.includes(one.name)));
}

/** A plan in which one resource has other inputs, or inputs that come from others. */
export function changed(
  planned: Planned,
  name: string,
  inputs: Readonly<Record<string, unknown>>,
  references: Readonly<Record<string, readonly string[]>> = {},
): Planned {
  const found = resourceOf(planned, name);
  const next: ReachResource = {
    ...found,
    inputs: { ...found.inputs, ...inputs },
    references: { ...found.references, ...references },
  };
  return resources(planned, (all) => all.map((one) => (one.name === name ? next : one)));
}

/** A plan with one resource more, like another. */
export function added(
  planned: Planned,
  like: string,
  name: string,
  inputs: Readonly<Record<string, unknown>>,
): Planned {
  const found = resourceOf(planned, like);
  return resources(planned, (all) => [...all, { ...found, name, inputs: { ...found.inputs, ...inputs } }]);
}

/** A plan in which what a host gets reads otherwise. */
export function onHost(
  planned: Planned,
  name: string,
  file: "rules" | "proxy",
  from: string | RegExp,
  to: string,
): Planned {
  const hosts = planned.plan.hosts.map((host) => {
    const text = host[file];
    if (host.name !== name) return host;
    const next = text?.replace(from, to);
    if (next === undefined || next === text)
      throw new Error(`${file} of ${name} have nothing like ${String(from)}`);
    return { ...host, [file]: next };
  });
  return { ...planned, plan: { ...planned.plan, hosts } };
}

function resourceOf({ plan }: Planned, name: string): ReachResource {
  const found = plan.resources.find((one) => one.name === name);
  if (found === undefined)
    throw new Error(`no ${name} among ${plan.resources.map((one) => one.name).join(", ")}`);
  return found;
}

export function resources(
  planned: Planned,
  change: (all: readonly ReachResource[]) => readonly ReachResource[],
): Planned {
  return { ...planned, plan: { ...planned.plan, resources: change(planned.plan.resources) } };
}
