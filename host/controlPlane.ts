import { etcdMembers, etcdScript, type EtcdMember } from "../model/node/etcd";
import { standing, standingScript, type Intended } from "../model/lifecycle/intended";
import type { ClusterMachine } from "../model/machine";
import { HostProblem } from "./problem";
import type { KnownCluster } from "./protocol";
import type { Hosts } from "./runner";
import { readState } from "./state";

/** What a step needs to ask control-plane nodes. */
export interface ClusterContext {
  readonly hosts: Hosts;
  readonly cluster: string;
  readonly spec: KnownCluster;
}

/** The control plane as a machine that leaves finds it; itself left out. */
export interface ControlPlane {
  /** Nodes of this cluster whose API answers. */
  readonly answering: readonly string[];
  /** What the settings say now, by the newest record on one of them; undefined: no record. */
  readonly intended: Intended | undefined;
  /** Machines that do not answer, or not for the cluster, and why. */
  readonly silent: readonly { readonly name: string; readonly reason: string }[];
}

/** A control-plane node that is part of the cluster, or why it cannot be asked. */
interface Standing {
  readonly name: string;
  readonly reason?: string;
}

/** What a control-plane node says of the cluster. */
interface Answer extends Standing {
  readonly answers?: boolean;
  readonly intended?: Intended;
}

/** @returns undefined where the host is not a node of this cluster, or not any more */
async function lookAt({ hosts, cluster, spec }: ClusterContext, name: string): Promise<Standing | undefined> {
  try {
    const { node, kubelet } = await readState(hosts, name, { cluster, spec });
    if (node?.cluster !== cluster) return undefined;
    if (node.state !== "joined")
      return { name, reason: `${name} has not joined: its state is ${node.state}` };
    // After a reset by hand the record is still there.
    return kubelet ? { name } : { name, reason: `${name} has no /etc/kubernetes/kubelet.conf any more` };
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    return { name, reason: error.report() };
  }
}

/** Names of the control-plane nodes that the step can dial, in the order of the settings. */
function controlPlaneNames({ spec, hosts }: ClusterContext): string[] {
  return spec.machines
    .filter((one) => one.role === "controlPlane" && hosts.has(one.name))
    .map(({ name }) => name);
}

/**
 * The first control-plane node of the cluster that answers: the same one for all steps of a run.
 * @param ask `for`: what it is asked for, as the error says it; `other`: the machine itself does not count
 * @throws HostProblem naming why none can be asked
 */
export async function controlPlaneNode(
  context: ClusterContext,
  machine: ClusterMachine,
  ask: { readonly for: string; readonly other?: true },
): Promise<string> {
  const reasons: string[] = [];
  for (const name of controlPlaneNames(context)) {
    if (ask.other && name === machine.name) continue;
    const found = await lookAt(context, name);
    if (found !== undefined && found.reason === undefined) return name;
    reasons.push(found?.reason ?? `${name} is not a node of this cluster yet`);
  }
  const why = reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
  const which = ask.other ? "other control-plane node" : "control-plane node";
  // Nobody else is left to ask: a machine that would join, and whose cluster is perhaps gone.
  const lost =
    machine.role === "controlPlane" && ask.other
      ? ". If etcd's data is lost, set etcd.restore to the newest snapshot and run up: docs/how-to/back-up-etcd.md"
      : "";
  throw new HostProblem(machine.name, `cannot ask any ${which} for ${ask.for}${why}${lost}`);
}

/** Asks all other control-plane nodes that the step knows; a host that was reset is neither answering nor silent. */
export async function askControlPlane(
  context: ClusterContext,
  machine: ClusterMachine,
): Promise<ControlPlane> {
  const others = controlPlaneNames(context).filter((name) => name !== machine.name);
  const all = await Promise.all(others.map((name) => ask(context, name)));
  const answers = all.filter((one) => one !== undefined);
  const records = answers.flatMap((one) => (one.intended === undefined ? [] : [one.intended]));
  const intended = records.sort((one, other) => other.written - one.written)[0];
  const wanted = new Set(intended?.machines.map(({ name }) => name));
  return {
    intended,
    // Those that stay first: the others are on their way out themselves.
    answering: answers
      .filter((one) => one.answers === true)
      .map(({ name }) => name)
      .sort((one, other) => Number(wanted.has(other)) - Number(wanted.has(one))),
    silent: answers.flatMap(({ name, reason }) => (reason === undefined ? [] : [{ name, reason }])),
  };
}

async function ask(context: ClusterContext, name: string): Promise<Answer | undefined> {
  const found = await lookAt(context, name);
  if (found?.reason !== undefined || found === undefined) return found;
  try {
    const said = await context.hosts.query(
      name,
      "asking for the cluster's state",
      "/bin/bash -s",
      standingScript(),
    );
    const { answers, intended } = standing(said, context.cluster);
    return { name, answers, intended, ...(answers ? {} : { reason: `${name}: its API does not answer` }) };
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    return { name, reason: error.report() };
  }
}

/** The record of the machine's own host, which may be the last that has one. */
export async function ownIntended(
  { hosts, cluster }: Pick<ClusterContext, "hosts" | "cluster">,
  name: string,
): Promise<Intended | undefined> {
  const said = await hosts.query(name, "reading what the settings want", "/bin/bash -s", standingScript());
  return standing(said, cluster).intended;
}

/**
 * Etcd's members, asked on the first of the machines where it answers.
 * @throws HostProblem naming why each of them did not
 */
export async function askEtcd(
  { hosts }: Pick<ClusterContext, "hosts">,
  names: readonly string[],
): Promise<EtcdMember[]> {
  const reasons: string[] = [];
  for (const name of names) {
    const { status, stdout, stderr } = await hosts.attempt(name, "/bin/bash -s", etcdScript());
    if (status === 0) return etcdMembers(stdout);
    const error = /^##error (.*)$/m.exec(stdout)?.[1] ?? stderr.trim().split("\n").at(-1);
    reasons.push(`${name}: ${error ?? `exit status ${status}`}`);
  }
  throw new HostProblem("", hosts.scrub(reasons.join("; ")));
}
