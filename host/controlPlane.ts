import { etcdMembers, etcdScript, type EtcdMember } from "../model/membership/etcd";
import { standing, standingScript, type Intended } from "../model/membership/intended";
import type { ClusterMachine } from "../model/machine";
import { HostProblem } from "./problem";
import type { MembershipSpec } from "./protocol";
import { readState } from "./state";
import type { StepContext } from "./step";

type Context = StepContext<MembershipSpec>;

/** The control plane as a machine that leaves finds it; itself left out. */
export interface ControlPlane {
  /** Members of this cluster whose API answers. */
  readonly answering: readonly string[];
  /** What the settings say now, by the newest record on one of them; undefined: no record. */
  readonly intended: Intended | undefined;
  /** Machines that cannot be asked, or do not answer for the cluster, and why. */
  readonly silent: readonly { readonly name: string; readonly reason: string }[];
}

interface Answer {
  readonly name: string;
  readonly answers?: boolean;
  readonly intended?: Intended;
  readonly reason?: string;
}

/** Asks all other control-plane nodes that the step knows; a host that was reset is neither answering nor silent. */
export async function askControlPlane(context: Context, machine: ClusterMachine): Promise<ControlPlane> {
  const others = context.spec.machines.filter(
    (one) => one.role === "controlPlane" && one.name !== machine.name && context.hosts.has(one.name),
  );
  const all = await Promise.all(others.map(({ name }) => ask(context, name)));
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

/** @returns undefined where the host is no member of this cluster any more */
async function ask({ hosts, cluster, spec }: Context, name: string): Promise<Answer | undefined> {
  try {
    const { member } = await readState(hosts, name, { cluster, spec });
    if (member?.cluster !== cluster) return undefined;
    if (member.state !== "member")
      return { name, reason: `${name} has not joined: its state is ${member.state}` };
    const said = await hosts.query(name, "asking for the cluster's state", "/bin/bash -s", standingScript());
    const found = standing(said, cluster);
    return { name, ...found, ...(found.answers ? {} : { reason: `${name}: its API does not answer` }) };
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    return { name, reason: error.report() };
  }
}

/** The record of the machine's own host, which may be the last that has one. */
export async function ownIntended(
  { hosts, cluster }: Pick<Context, "hosts" | "cluster">,
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
  { hosts }: Pick<Context, "hosts">,
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
