import type { Blocker } from "../../model/upgrade/blocker";
import { blockerLines, sorted } from "../../model/upgrade/judge";
import { HostProblem } from "../problem";
import type { PreflightSpec } from "../protocol";
import type { StepContext } from "../step";
import { lookAtUpgrade, type FoundNode } from "../upgradeCheck";

type Context = Pick<
  StepContext<Pick<PreflightSpec, "kubernetesVersion" | "upgrade">>,
  "hosts" | "say" | "spec"
>;

/**
 * Names everything that stands against an upgrade before anything is changed, in one report. An upgrade that an earlier run left half done
 * goes on: what stands against it is said, and half done is worse.
 * @param nodes nodes of this cluster that were looked at
 * @param through versions that the control plane goes through before
 * @throws HostProblem with all of it
 */
export async function refuseBlocked(
  { hosts, say, spec }: Context,
  nodes: readonly FoundNode[],
  through: readonly string[],
  pause?: number,
): Promise<void> {
  const { kubernetesVersion: target, upgrade } = spec;
  if (nodes.every(({ version }) => version === target)) return;
  say(`looking at what stands against an upgrade to ${target}`);
  const { blockers, isHalfDone } = await lookAtUpgrade(
    hosts,
    { target, spec: upgrade, through, nodes },
    pause,
  );
  const { left, warnings, ignored, idle } = sorted(blockers, upgrade.ignore);
  for (const line of blockerLines(warnings)) say(`warning: ${line}`);
  for (const line of blockerLines(ignored)) say(`ignored by upgrades.ignore: ${line}`);
  for (const entry of idle) say(`upgrades.ignore: ${entry} stands against nothing now`);
  if (left.length === 0) return;
  if (isHalfDone) {
    for (const line of blockerLines(left)) say(`the upgrade that has begun goes on, although ${line}`);
    return;
  }
  throw new HostProblem("", report(target, left));
}

function report(target: string, left: readonly Blocker[]): string {
  const things = left.length === 1 ? "one thing stands" : `${left.length} things stand`;
  return [
    `the upgrade to ${target} was not begun, because ${things} against it. Nothing was changed`,
    ...blockerLines(left).map((line) => `  ${line}`),
    `To upgrade nevertheless, accept what is named: upgrades.ignore: [${[...new Set(left.map(({ id }) => id))].join(", ")}]`,
  ].join("\n");
}
