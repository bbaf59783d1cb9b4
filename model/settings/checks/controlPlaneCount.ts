import type { Path, Problems } from "../problems";

/**
 * etcd answers while more than half of its members do. Source: etcd documentation, FAQ "What is failure tolerance?" and
 * "What is maximum cluster size?" (an even number tolerates no more than one less; 7 at most).
 */
export const MOST_CONTROL_PLANE_NODES = 7;

/** Where people say how many control-plane nodes there are, and in whose words. */
export interface CountedControlPlane {
  readonly path: Path;
  /** Follows the number 0. */
  readonly none: string;
  readonly allowed: string;
}

/** Reports a number of control-plane nodes that etcd cannot make use of. */
export function checkControlPlaneCount(
  count: number,
  { path, none, allowed }: CountedControlPlane,
  problems: Problems,
): void {
  const message = controlPlaneCountProblem(count, none);
  if (message !== undefined) problems.add(path, count, message, { allowed });
}

function controlPlaneCountProblem(count: number, none: string): string | undefined {
  if (count === 0) return `${none}: nobody serves the API or etcd`;
  if (count > MOST_CONTROL_PLANE_NODES)
    return "control-plane nodes are too many: every write waits for more than half of them";
  if (count % 2 === 1) return undefined;
  const quorum = count / 2 + 1;
  return (
    `is an even number of control-plane nodes: etcd needs ${quorum} of ${count} members, so it bears the loss of ` +
    `${count - quorum}, no more than ${count - 1} would, and there is one more to lose`
  );
}
