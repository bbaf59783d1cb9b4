import type { Path, Problems } from "../problems";

/**
 * etcd answers while more than half of its members do. Source: etcd documentation, FAQ "What is failure tolerance?" and
 * "What is maximum cluster size?" (an even number tolerates no more than one less; 7 at most).
 */
export const MOST_CONTROL_PLANE_NODES = 7;

/**
 * Reports a number of control-plane nodes that etcd cannot make use of.
 *
 * @param none follows the number 0
 */
export function checkControlPlaneCount(
  count: number,
  { path, none, allowed }: { readonly path: Path; readonly none: string; readonly allowed: string },
  problems: Problems,
): void {
  const quorum = count / 2 + 1;
  if (count === 0) problems.add(path, count, `${none}: nothing would serve the API or etcd`, { allowed });
  else if (count > MOST_CONTROL_PLANE_NODES)
    problems.add(path, count, "control-plane nodes are too many: every write waits for a majority of them", {
      allowed,
    });
  else if (count % 2 === 0)
    problems.add(
      path,
      count,
      `is an even number of control-plane nodes: etcd needs ${quorum} of ${count} members, so it survives the loss of ` +
        `${count - quorum}, as ${count - 1} would, with one more node that can fail`,
      { allowed },
    );
}
