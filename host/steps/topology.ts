import { topologyProblems } from "../../model/aws/topology";
import { HostProblem } from "../problem";
import { MISSING, type StepResult, type TopologySpec } from "../protocol";
import type { StepContext } from "../step";

/**
 * Refuses a run for which the account lacks something, and one that would replace the instances of a control plane in a
 * way it does not survive. Everything on AWS waits for this step, and it waits for nothing there: it compares the settings
 * with what it printed in the last run, so that it refuses before the first instance is deleted.
 * @throws HostProblem with every reason
 */
export function topology({
  spec,
  previous,
  values,
  say,
}: Pick<StepContext<TopologySpec>, "spec" | "previous" | "values" | "say">): StepResult {
  const missing = values[MISSING] ?? "";
  if (missing !== "") throw new HostProblem("", missing);
  const living = previous?.topology;
  if (living !== undefined) {
    const problems = topologyProblems(living, spec.topology);
    if (problems.length > 0) throw new HostProblem("", problems.join("\n"));
    say(`control plane: ${spec.topology.instances.map(({ name }) => name).join(", ")}`);
  }
  return { topology: spec.topology };
}
