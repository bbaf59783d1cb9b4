import { ownerOf } from "../../model/immutableSettings";
import { insistedBy } from "../insist";
import { HostProblem } from "../problem";
import type { NodeStepSpec } from "../protocol";
import { readState } from "../state";
import { machineOf, type StepContext } from "../step";

/**
 * Refuses to take a node from an instance that would stay: AWS would refuse to end it a moment later, and what is left
 * would be a host without a node, and a cluster with one less. An instance that is gone or another one holds nobody.
 * @throws HostProblem with the settings that let go of it
 */
export async function refuseHeld(context: StepContext<NodeStepSpec>): Promise<void> {
  const { spec, hosts, cluster } = context;
  if (spec.held !== true) return;
  const machine = machineOf(spec);
  if (insistedBy(machine) !== undefined) return;
  const state = await readState(hosts, machine.name, { cluster, spec }).catch((error: unknown) => {
    if (error instanceof HostProblem) return undefined;
    throw error;
  });
  if (state?.node?.cluster !== cluster || state.node.owner !== ownerOf(machine)) return;
  throw new HostProblem(
    machine.name,
    "termination protection of its instance is on: AWS would not terminate the instance after the node left, so the node stays. " +
      `Add controlPlane.deletable: [${machine.name}] (to destroy the cluster: protect: false), run up, and then make this change`,
  );
}
