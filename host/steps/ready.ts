import { joinedReadyScript, READY_JOB, readyOthersScript } from "../../model/lifecycle/ready";
import type { ClusterMachine } from "../../model/machine";
import { FORCE_VARIABLE, insistedBy } from "../insist";
import { HostProblem } from "../problem";
import type { NodeStepSpec } from "../protocol";
import type { StepContext } from "../step";

/**
 * Waits until a node that has joined is Ready, where another one is. The first nodes of a cluster cannot be: its CNI comes when the API
 * answers, perhaps from somebody else after `up`. So the cluster is asked, and not the settings. A machine that is to be removed by
 * force is not waited for: its step has to end before the settings can do without it.
 * @param through a control-plane node that can be asked
 * @throws HostProblem with what its Ready condition says
 */
export async function readyAmongOthers(
  { hosts, say }: Pick<StepContext<NodeStepSpec>, "hosts" | "say">,
  machine: ClusterMachine,
  through: string,
): Promise<void> {
  const insisted = insistedBy(machine);
  if (insisted !== undefined) {
    say(`${machine.name}: whether its node is Ready is not asked, because ${insisted}`);
    return;
  }
  const script = readyOthersScript(machine);
  const said = await hosts.query(through, "asking which nodes are Ready", "/bin/bash -s", script);
  const others = said.split("\n").filter((line) => line !== "" && !line.startsWith("##"));
  if (others.length === 0) return;
  try {
    await hosts.job(machine.name, {
      name: "waiting for the node to be Ready",
      script: joinedReadyScript(machine, others),
      timeout: READY_JOB,
    });
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    throw new HostProblem(
      error.machine,
      `${error.message}. To remove the node instead, run up once with ${FORCE_VARIABLE}=${machine.name}, which does not wait, then take it out of the settings`,
      error.tail,
    );
  }
}
