import { balancerPart, controlPlanePart } from "../../model/aws/node/controlPlane";
import { filesOfNode } from "../../model/lifecycle/files";
import { nodeIdentity } from "../../model/lifecycle/digest";
import { initScript } from "../../model/lifecycle/joining";
import { paths } from "../../model/kubeadm";
import { immutableChanges, type ImmutableSettings } from "../../model/immutableSettings";
import { refuseMismatch } from "../guard";
import { HostProblem } from "../problem";
import { type InitSpec, type NodeStepSpec, type StepInput, type StepResult } from "../protocol";
import type { NodeSpec } from "../../model/lifecycle/spec";
import type { ClusterMachine } from "../../model/machine";
import type { RenderedFile } from "../../model/renderedFile";
import { readState } from "../state";
import { refuseSkew, type StepContext } from "../step";
import { withValues } from "../values";
import { ensureSetup } from "./setup";

export interface InitResult extends StepResult, ImmutableSettings {}

/** kubeadm init, once in a cluster's life; afterwards only a guard over what the cluster was born with. */
export async function init(context: StepContext<InitSpec>): Promise<InitResult> {
  const facts = context.fixed ?? context.spec.fixed;
  const result = { cluster: context.cluster, ...facts };
  if (context.operation === "create") await initialise(context);
  else if (context.operation === "update") guard(context, facts);
  return result;
}

function guard(context: StepContext<InitSpec>, facts: ImmutableSettings): void {
  const living = context.previous as InitResult | undefined;
  if (!living) return;
  const changed = immutableChanges(living, facts);
  if (living.cluster !== context.cluster)
    changed.push(
      "the cluster CA in the state is not the CA this cluster was created with; the CA of a living cluster cannot be replaced",
    );
  if (changed.length > 0) throw new HostProblem("", changed.join("\n"));
}

async function initialise(context: StepContext<InitSpec>): Promise<void> {
  const { spec, hosts, say, cluster } = context;
  const states = await Promise.all(
    spec.controlPlaneNodes.map(async (machine) => ({
      machine,
      state: await readState(hosts, machine, { cluster, spec }),
    })),
  );
  for (const { machine, state } of states) {
    refuseSkew(machine, state.now);
    refuseMismatch(machine, state, cluster, spec);
  }
  // The run that made the cluster may have been killed before it could say so.
  const done = states.find(({ state }) => state.node?.state === "joined");
  if (done) {
    say(`${done.machine}: the cluster already exists, init does not run again`);
    return;
  }
  const started = states.find(({ state }) => state.node?.state === "initialising");
  for (const { machine, state } of states) {
    if (machine === started?.machine || (!state.apiServer && !state.etcd)) continue;
    throw new HostProblem(
      machine,
      `${state.apiServer ? "serves an API on port 6443 or has its manifest" : "has an etcd, or its data,"} although this cluster was never initialised. ` +
        "A second init would create two clusters with one name. If you need nothing on the host, run kubeadm reset there",
    );
  }
  const chosen = started?.machine ?? spec.controlPlaneNodes[0];
  const machine = spec.machines.find((candidate) => candidate.name === chosen);
  if (!machine) throw new HostProblem("", "there is no control-plane node to run init on");
  const node = { ...spec.node, machine: { ...spec.node.machine, ...machine } };
  if (spec.setup !== undefined) await ensureSetup(context, machine, spec.setup);
  const facts = nodeIdentity(node, spec.fixed, cluster);
  const files = withValues(filesOfNode(node, oidcCa(context.input)), context.values);
  await hosts.job(machine.name, {
    name: "kubeadm init",
    script: initScript(
      spec.kubernetesVersion,
      facts,
      files,
      secretFiles(context.input),
      platformPart(context, machine),
      { reached: reachedPart(node, machine) },
    ),
    timeout: 1_200,
  });
}

/** What a control-plane node's scripts have for its platform's sake. */
export function platformPart(context: StepContext<InitSpec | NodeStepSpec>, machine: ClusterMachine): string {
  return controlPlanePart(context.spec.node.controlPlane ?? {}, machine);
}

/** The wait for the cluster's balancer, where the platform has one. */
export function reachedPart({ controlPlane }: NodeSpec, machine: ClusterMachine): string {
  return controlPlane === undefined ? "" : balancerPart(controlPlane, machine);
}

/** The OIDC issuer's CA, which stands inside a file that is rendered on this side. */
export function oidcCa(input: StepInput): string | undefined {
  return input.files.find((file) => file.path === paths.oidcCa)?.content;
}

/** Secret files as they are written to a host: readable by root alone. */
export function secretFiles(input: StepInput): RenderedFile[] {
  return input.files.map((file) => ({ ...file, mode: "0600" }));
}
