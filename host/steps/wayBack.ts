/** After a change of version that failed: the host has put itself back, or it has not. */
import { letInScript } from "../../model/lifecycle/draining";
import { afterPutBack } from "../../model/node/undo";
import type { ClusterMachine } from "../../model/machine";
import { HostProblem } from "../problem";
import type { NodeStepSpec } from "../protocol";
import type { Hosts } from "../runner";
import { readState, type HostState } from "../state";
import type { StepContext } from "../step";

type Context = StepContext<NodeStepSpec>;

/**
 * The error of a failed change of version, with what became of the node.
 * @param former version that the node had before
 */
export async function explained(
  context: Context,
  machine: ClusterMachine,
  error: unknown,
  former: string,
): Promise<unknown> {
  if (!(error instanceof HostProblem)) return error;
  const wanted = context.spec.kubernetesVersion;
  const found = await backAs(context, machine, former);
  const what =
    found === undefined
      ? `${machine.name} is between Kubernetes ${former} and ${wanted}: the next run puts it back first, and then upgrades it again`
      : `${machine.name} runs Kubernetes ${versionsOf(found, former)} again, and the cluster serves as before. Mend what failed and run up again: it upgrades ${machine.name} to ${wanted} then`;
  return new HostProblem(error.machine, `${error.message}. ${what}`, error.tail);
}

/** Over several minor versions the API server goes ahead of the kubelet, and a failed change takes neither back behind that. */
function versionsOf({ living }: HostState, former: string): string {
  const { apiServer = former } = living;
  return apiServer === former ? former : `${apiServer}, with its kubelet of ${former},`;
}

/** The state of a host on which nothing of the failed change is left. */
async function backAs(
  { hosts, cluster, spec }: Context,
  { name }: ClusterMachine,
  former: string,
): Promise<HostState | undefined> {
  try {
    const state = await readState(hosts, name, { cluster, spec });
    return state.undo !== true && state.node?.version === former ? state : undefined;
  } catch (error) {
    if (error instanceof HostProblem) return undefined;
    throw error;
  }
}

/**
 * Puts a change of a control-plane node back that a run before began and did not end, ahead of whatever asks the cluster: the change may have
 * stopped the only API server, or be half of a version.
 */
export async function putBackFirst(
  { hosts }: { readonly hosts: Pick<Hosts, "job"> },
  { name }: ClusterMachine,
): Promise<void> {
  await hosts.job(name, {
    name: "putting a change back that was cut off",
    script: afterPutBack(""),
    timeout: 1_200,
  });
}

/** Lets pods come back to a node that was drained for a change which it did not keep. */
export async function letBack(
  context: Context,
  machine: ClusterMachine,
  through: string,
  former: string,
): Promise<void> {
  // Where it is not what it was, the node stays as it was drained until a run has mended it.
  if ((await backAs(context, machine, former)) === undefined) return;
  const script = letInScript({ ...context.spec.node, kubernetesVersion: former });
  await context.hosts
    .job(through, { name: `letting pods back to ${machine.name}`, script })
    .catch((other: unknown) => context.say(other instanceof HostProblem ? other.report() : String(other)));
}
