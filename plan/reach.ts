import { POOL_TAG } from "../model/aws/tags";
import type { HostPlan } from "../model/reach/hostJourneys";
import { reachability, type Reachability, type ReachPlan } from "../model/reach/reach";
import type { ReachResource } from "../model/reach/planned";
import type { ClusterSettings } from "../model/settings/resolved";
import { apiProxyFile } from "../model/node/apiProxy";
import { firewallFile } from "../model/node/firewall";
import { bootProgram } from "../model/aws/node/paths";
import type { Recorded } from "../testing/recorder";
import type { PlanFile } from "./planFile";
import type { PlannedResource } from "./resources";

/** Whether every flow arrives through the planned resources and the files that hosts get. */
export function plannedReachability(
  settings: ClusterSettings,
  recorded: readonly Recorded[],
  resources: readonly PlannedResource[],
  files: readonly PlanFile[],
): Reachability {
  return reachability(settings, reachPlan(settings, recorded, resources, files));
}

/** The same resources as the plan shows, with what their inputs come from. */
export function reachPlan(
  settings: Pick<ClusterSettings, "machines">,
  recorded: readonly Recorded[],
  resources: readonly PlannedResource[],
  files: readonly PlanFile[],
): ReachPlan {
  const content = new Map(files.map((file) => [file.path, file.content]));
  const onHost = (name: string, path: string) => content.get(`nodes/${name}/files${path}`);
  return {
    resources: networkResources(recorded, resources),
    boots: resources
      .filter(({ type }) => type === "aws:ec2/launchTemplate:LaunchTemplate")
      .map((template) => ({
        template: template.name,
        sourceCheckOff: /^source_check_off='?\S/m.test(onHost(poolOf(template), bootProgram) ?? ""),
      })),
    hosts: settings.machines.map(({ name }): HostPlan => {
      const rules = onHost(name, firewallFile);
      const proxy = onHost(name, apiProxyFile);
      return { name, ...(rules === undefined ? {} : { rules }), ...(proxy === undefined ? {} : { proxy }) };
    }),
  };
}

function poolOf({ inputs }: PlannedResource): string {
  const [first] = (inputs.tagSpecifications ?? []) as { tags?: Record<string, string> }[];
  return first?.tags?.[POOL_TAG] ?? "";
}

/** Those of AWS alone: what is in the cluster moves no packet between hosts. */
function networkResources(
  recorded: readonly Recorded[],
  resources: readonly PlannedResource[],
): ReachResource[] {
  const byUrn = new Map(recorded.map((one) => [one.urn, one]));
  const inputs = new Map(resources.map((one) => [`${one.type}::${one.name}`, one.inputs]));
  return recorded
    .filter(({ type }) => type.startsWith("aws:"))
    .map((one) => ({
      name: one.name,
      type: one.type,
      parentType: byUrn.get(one.parent)?.type ?? "",
      inputs: inputs.get(`${one.type}::${one.name}`) ?? {},
      references: Object.fromEntries(
        Object.entries(one.propertyDependencies).map(([input, urns]) => [
          input,
          urns.flatMap((urn) => byUrn.get(urn)?.name ?? []),
        ]),
      ),
    }));
}
