import { memberDigest, memberFiles } from "../../model/membership/files";
import {
  adoptScript,
  convergeScript,
  credentialScript,
  DISCOVERY_FILE,
  forgetEtcdScript,
  joinScript,
  removeNodeScript,
  resetScript,
} from "../../model/membership/scripts";
import type { Machine } from "../../model/settings/resolved";
import { fixedFacts } from "../../model/fixedFacts";
import { refuseOtherFacts } from "../guard";
import { HostProblem } from "../problem";
import type { MembershipSpec, StepResult } from "../protocol";
import { readState } from "../state";
import { machineOf, refuseSkew, type StepContext } from "../step";
import { oidcCa, secretFiles } from "./init";

/** Hours for which a join credential is good; it is used within minutes. */
const CREDENTIAL_HOURS = 1;
type Context = StepContext<MembershipSpec>;

/** A machine being a node: create joins, update reconfigures or upgrades, delete drains, removes and resets. */
export async function membership(context: Context): Promise<StepResult> {
  if (context.operation === "delete") return leave(context);
  const { spec, hosts, cluster, previous } = context;
  const machine = machineOf(spec);
  const state = await readState(hosts, machine.name);
  refuseSkew(machine.name, state.now);
  refuseOtherFacts(machine.name, state, cluster, spec.settings);
  const member = state.member?.state === "member" && state.kubelet;
  if (context.operation === "update" && !member && (previous?.generation ?? 0) >= spec.generation)
    throw new HostProblem(
      machine.name,
      `is no node any more: it was wiped or reset. Raise machines.${machine.name}.generation to ${spec.generation + 1}, and it joins as a new node`,
    );
  const digest = memberDigest(spec.settings, machine);
  const facts = {
    cluster,
    machine: machine.name,
    generation: spec.generation,
    ...fixedFacts(spec.settings),
    version: spec.settings.kubernetesVersion,
    digest,
  };
  const files = memberFiles(spec.settings, machine, oidcCa(context.input));
  const secrets = secretFiles(context.input);
  if (!member) {
    const through = await masterOf(context, machine);
    if (machine.role === "controlPlane")
      await hosts.job(through, { name: "clearing etcd", script: forgetEtcdScript(machine) });
    const credential = await hosts.query(
      through,
      "making a join credential",
      "/bin/bash -s",
      credentialScript(machine.pool === "" ? "control-plane" : machine.pool, CREDENTIAL_HOURS),
    );
    const discovery = { path: DISCOVERY_FILE, mode: "0600", content: credential };
    await hosts.job(machine.name, {
      name: "kubeadm join",
      script: joinScript(spec.settings, facts, files, [...secrets, discovery]),
      timeout: 900,
    });
  } else if (state.member?.digest !== digest || context.operation === "update") {
    await hosts.job(machine.name, {
      name: "reconfiguring the node",
      script: convergeScript(spec.settings, machine, facts, files, secrets),
      timeout: 1_800,
    });
  }
  const adopter = machine.role === "controlPlane" ? machine.name : await masterOf(context, machine);
  await hosts.job(adopter, { name: `adopting ${machine.name}`, script: adoptScript(spec.settings, machine) });
  return { machine: machine.name, generation: spec.generation, machineId: state.machineId };
}

/** A master other than the machine that is a member of this cluster and answers. */
async function masterOf(context: Context, machine: Machine): Promise<string> {
  const reasons: string[] = [];
  for (const master of context.spec.settings.machines) {
    if (master.role !== "controlPlane" || master.name === machine.name || !context.hosts.has(master.name))
      continue;
    try {
      const state = await readState(context.hosts, master.name);
      if (state.member?.cluster === context.cluster && state.member.state === "member") return master.name;
      reasons.push(`${master.name} is not a master of this cluster yet`);
    } catch (error) {
      if (!(error instanceof HostProblem)) throw error;
      reasons.push(error.report());
    }
  }
  throw new HostProblem(
    machine.name,
    reasons.length === 0
      ? "there is no other master that could let it in"
      : `no other master can be asked: ${reasons.join("; ")}`,
  );
}

async function leave(context: Context): Promise<StepResult> {
  const { spec, hosts, say, cluster } = context;
  const machine = machineOf(spec);
  const gone: string[] = [];
  const reachable = await readState(hosts, machine.name).catch((error: unknown) => {
    if (!(error instanceof HostProblem)) throw error;
    gone.push(error.report());
    return undefined;
  });
  // Another cluster took the host over, or somebody reused its name: only the Node is ours to remove.
  const ours = reachable?.member?.cluster === cluster && reachable.member.generation <= spec.generation;
  try {
    const through = await masterOf(context, machine);
    await hosts.job(through, {
      name: `removing node ${machine.name}`,
      script: removeNodeScript(spec.settings, machine, ours === true),
      timeout: spec.settings.drainTimeout + 300,
    });
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    say(`${error.report()}; the Node could not be removed from the API`);
  }
  if (!reachable) say(`${gone.join("; ")}; taken for gone`);
  else if (ours)
    await hosts.job(machine.name, { name: "kubeadm reset", script: resetScript(), timeout: 600 });
  else say(`${machine.name}: carries no membership of this cluster, left alone`);
  return {};
}
