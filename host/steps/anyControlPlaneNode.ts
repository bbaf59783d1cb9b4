import { HostProblem } from "../problem";
import { readState } from "../state";
import type { StepContext } from "../step";

type Context = Pick<
  StepContext<{ readonly controlPlaneNodes: readonly string[] }>,
  "spec" | "hosts" | "cluster"
>;

/**
 * A control-plane node that is a node of this cluster and answers.
 * @param subject what is asked about, for the error
 * @throws HostProblem with what is wrong with each of them
 */
export async function anyControlPlaneNode(
  { spec, hosts, cluster }: Context,
  subject: string,
): Promise<string> {
  const reasons: string[] = [];
  for (const controlPlaneNode of spec.controlPlaneNodes) {
    try {
      const state = await readState(hosts, controlPlaneNode);
      if (state.node?.cluster === cluster && state.node.state === "joined") return controlPlaneNode;
      reasons.push(`${controlPlaneNode} is not a control-plane node of this cluster`);
    } catch (error) {
      if (!(error instanceof HostProblem)) throw error;
      reasons.push(error.report());
    }
  }
  throw new HostProblem(subject, `no control-plane node answers: ${reasons.join("; ")}`);
}
