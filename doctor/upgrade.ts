/** What stands against an upgrade that nobody has begun yet: preflight's own look, from outside. */
import { atOnce } from "../host/atOnce";
import { HostProblem } from "../host/problem";
import type { Hosts } from "../host/runner";
import { readState } from "../host/state";
import { lookAtUpgrade, type FoundNode } from "../host/upgradeCheck";
import type { Finding } from "../model/doctor/finding";
import { imagesOfVersion } from "../model/upgrade/images";
import { blockerLines, sorted } from "../model/upgrade/judge";
import { hopsBetween, hopsTo, upgradeProblem } from "../model/versions";
import { hostsOf } from "./hosts";
import type { StackState, StackUpgrades } from "./state";

interface UpgradeDiagnosis {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/** What of a stack's state it is found by. */
export type UpgradableStack = Pick<StackState, "connections" | "bastion" | "upgrade"> & {
  readonly expected: Pick<StackState["expected"], "id" | "kubernetesVersion">;
};

/**
 * Hosts pull the images of the version; nothing else changes.
 * @param reached machines that answered
 */
export async function examineUpgrade(
  state: UpgradableStack,
  target: string,
  reached: readonly string[],
): Promise<UpgradeDiagnosis> {
  const { expected, upgrade } = state;
  const from = expected.kubernetesVersion;
  const way = upgradeProblem(from, target) ?? hopsBetween(from, target, hopsTo(target, upgrade?.through));
  if (typeof way === "string") return one(way, `choose a version between ${from} and the one that it names`);
  if (upgrade === undefined)
    return one(
      "the stack's preflight was made by an older version of the library",
      "pulumi up, without another kubernetesVersion",
    );
  const hosts = hostsOf(state);
  try {
    const nodes = await nodesOf(hosts, upgrade, reached, expected.id);
    if (!nodes.some(({ own }) => own.role === "controlPlane"))
      return one("no control-plane node answers, so an upgrade cannot be judged", "see what else is found");
    const spec = { ...upgrade.spec, images: imagesOfVersion(upgrade.spec.images, from, target) };
    const through = way.map(({ version }) => version);
    const { blockers } = await lookAtUpgrade(hosts, { target, spec, through, nodes });
    const { left, warnings, ignored } = sorted(blockers, spec.ignore);
    return {
      findings: left.map(({ id, what, cure }) => ({
        check: "upgrade",
        where: id,
        what,
        cure: `${cure}; or accept it: upgrades.ignore: [${id}]`,
      })),
      notes: [
        ...(through.length === 0
          ? []
          : [`the control plane goes through Kubernetes ${through.join(" and ")}`]),
        ...blockerLines(warnings),
        ...blockerLines(ignored).map((line) => `ignored by upgrades.ignore: ${line}`),
      ],
    };
  } catch (error) {
    if (!(error instanceof HostProblem) && !(error instanceof RangeError)) throw error;
    return one(hosts.scrub(error.message), "repair what it names, and ask again");
  } finally {
    hosts.close();
  }
}

function one(what: string, cure: string): UpgradeDiagnosis {
  return { findings: [{ check: "upgrade", where: "cluster", what, cure }], notes: [] };
}

/** Nodes of the cluster among the machines that answered. */
async function nodesOf(
  hosts: Hosts,
  { machines }: StackUpgrades,
  reached: readonly string[],
  cluster: string,
): Promise<FoundNode[]> {
  const found = await atOnce(
    machines.filter(({ name }) => reached.includes(name)),
    async (own): Promise<FoundNode[]> => {
      const { node } = await readState(hosts, own.name);
      if (own.role === "worker") hosts.leave(own.name);
      return node?.state === "joined" && node.cluster === cluster ? [{ own, version: node.version }] : [];
    },
  );
  return found.flat();
}
