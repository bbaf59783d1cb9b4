import { departure } from "../../model/lifecycle/departure";
import { isMemberOf } from "../../model/node/etcd";
import type { Intended } from "../../model/lifecycle/intended";
import type { ClusterMachine } from "../../model/machine";
import { askEtcd } from "../controlPlane";
import { insistedBy } from "../insist";
import { HostProblem } from "../problem";
import type { NodeRecord } from "../protocol";
import type { Hosts } from "../runner";

/** A control-plane machine of the settings, and the record of its host. */
export interface LivingControlPlane {
  readonly own: ClusterMachine;
  readonly node: NodeRecord;
}

/**
 * A raised revision takes a node out and lets it join again. What its removal would refuse is refused here, before the first step
 * changes anything: the only control-plane node, and one that etcd cannot spare.
 * @param living control-plane nodes of the cluster that were looked at
 * @param wanted what the settings say now
 */
export async function replacementProblems(
  context: { readonly hosts: Hosts },
  living: readonly LivingControlPlane[],
  wanted: Intended,
): Promise<string[]> {
  const raised = living.filter(({ own, node }) => own.revision > node.revision);
  const inSettings = wanted.machines.filter((one) => one.role === "controlPlane");
  if (raised.length === 0) return [];
  const problem = ({ own, node }: LivingControlPlane, why: string): string =>
    new HostProblem(
      own.name,
      `machines.${own.name}.revision was raised from ${node.revision} to ${own.revision}, but ${why}`,
    ).report();
  if (inSettings.length === 1)
    return raised.map((one) =>
      problem(
        one,
        "it is the only control-plane node: removing it would delete etcd and the cluster. Add two control-plane nodes first, or create a new cluster",
      ),
    );
  const spared = raised.filter(({ own }) => insistedBy(own) === undefined);
  if (spared.length === 0) return [];
  try {
    const all = await askEtcd(
      context,
      living.map(({ own }) => own.name),
    );
    // Of a dead one that the settings do not have, its removal decides: here it is not known whether they had it before.
    const members = all.filter(
      (one) => one.healthy || inSettings.some((machine) => isMemberOf(one, machine)),
    );
    return spared.flatMap((one) => {
      const { refused } = departure({
        machine: { ...one.own, revision: one.node.revision },
        reached: true,
        members,
        former: living.map(({ own }) => own),
        intended: wanted,
        insisted: (machine) => insistedBy(machine) !== undefined,
      });
      return refused === undefined ? [] : [problem(one, refused)];
    });
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    return spared.map((one) => problem(one, `cannot ask etcd whether the node can leave: ${error.report()}`));
  }
}
