import {
  finalFiles,
  readHostKeys,
  rotationTarget,
  signingFiles,
  trustedAnywhere,
  trustingFiles,
  trustsAlone,
  workerFile,
  type HostKeys,
  type RotationTarget,
} from "../../model/rotation/authorities";
import {
  PHASES,
  phaseNumber,
  phasesDone,
  type Phase,
  type RotationRecord,
} from "../../model/rotation/phases";
import {
  finishScript,
  issueScript,
  nodesScript,
  podAuthoritiesScript,
  publishedScript,
  readKeysScript,
  secretTokensScript,
  servingScript,
  signScript,
  trustScript,
  workerScript,
  workloadsScript,
} from "../../model/rotation/scripts";
import { publishKeysScript, renewCredentialsScript } from "../../model/aws/rotation/keys";
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterMachine } from "../../model/machine";
import { atOnce } from "../atOnce";
import { refuseMismatch } from "../guard";
import { HostProblem } from "../problem";
import type { RotationSpec, StepResult } from "../protocol";
import { withChangeLock } from "../rollout";
import { readState } from "../state";
import { refuseSkew, type StepContext } from "../step";
import { PoolNodes } from "./rotationPools";
import { snapshotBeforeRotation } from "./snapshot";

/** The step with the machines that come by standard input. */
type Spec = Omit<RotationSpec, "machines"> & { readonly machines: readonly ClusterMachine[] };
type Context = StepContext<Spec>;

/** A node of the cluster as the rotation finds it. */
interface Member {
  readonly machine: ClusterMachine;
  readonly keys: HostKeys;
  /** How many of `PHASES` it has behind it. */
  readonly done: number;
}

const WAIT_FOR_HOST = 1_800;

/**
 * Brings all nodes to the CAs and the service-account key of the stack: no host begins a phase before all have ended the one before,
 * control-plane nodes one after the other, workers in the order of `rollout`. Each host keeps its phase, so a run may be cut off
 * anywhere. Where other CAs are wanted in the middle, everything that any host trusts stays trusted until those sign.
 */
export async function rotation(context: Context): Promise<StepResult> {
  const { spec, previous, input, say } = context;
  const target = rotationTarget(input.files);
  const result: StepResult = {
    rotation: spec.rotation,
    authority: target.authority,
    ...(spec.restored === undefined ? {} : { restored: spec.restored }),
  };
  const isSame = previous?.authority === target.authority;
  if (isSame && previous.restored === spec.restored) return result;
  const members = joinedMeanwhile(await membersOf(context, target));
  const [first] = members.filter(({ machine }) => machine.role === "controlPlane");
  if (first === undefined) return result;
  const done = Math.min(...members.map((one) => one.done));
  // What joined with them needs nothing; a snapshot from before a rotation brings back what the cluster had then.
  const isNew = done === PHASES.length && members.every(({ keys }) => keys.record === undefined);
  if (isNew && !isSame) return result;
  const pools = poolNodes(context, target, first.machine.name);
  if (done === 0) await prepare(context, members, first.machine, pools);
  else say(`certificates.rotation ${spec.rotation} continues after the phase "${PHASES[done - 1]}"`);
  await run(context, { members, target, through: first.machine, done, pools });
  return result;
}

interface Rotation {
  readonly members: readonly Member[];
  readonly target: RotationTarget;
  /** The control-plane node that is asked for what concerns the cluster. */
  readonly through: ClusterMachine;
  readonly done: number;
  /** undefined: no pool has instances that join by themselves. */
  readonly pools: PoolNodes | undefined;
}

function poolNodes(context: Context, target: RotationTarget, through: string): PoolNodes | undefined {
  const { aws } = context.spec;
  if (aws === undefined || aws.pools.length === 0) return undefined;
  return new PoolNodes({ context, aws, through, target });
}

async function run(context: Context, rotation: Rotation): Promise<void> {
  const { hosts, spec, say } = context;
  const { members, target, through, done, pools } = rotation;
  const certificate = target.pairs.ca.trusted;
  const anywhere = trustedAnywhere(members.map(({ keys }) => keys));
  const onCluster = (name: string, script: string): Promise<void> =>
    hosts.job(through.name, { name, script, timeout: WAIT_FOR_HOST });
  const record = (name: Phase): RotationRecord => recordOf(context, rotation, name);
  const issued = { certificate, tokenKey: target.tokenKey, serves: spec.serversByBootstrap };
  const served = async ({ machine }: Pick<Member, "machine">, name: Phase): Promise<void> => {
    if (name === "issued" && spec.serversByBootstrap)
      await hosts.job(through.name, {
        name: `waiting for the kubelet of ${machine.name}`,
        script: servingScript(machine),
      });
  };
  const worker = ({ machine, keys }: Pick<Member, "machine" | "keys">, name: Phase): string =>
    name === "issued"
      ? issueScript(machine, issued, record(name))
      : workerScript(machine, workerFile(keys, anywhere, target, name === "finished"), record(name));
  const bring = async (name: Phase): Promise<void> => pools?.bring(name, worker, served);
  // Instances join with what the API and their credential say at that time.
  const admit = async (): Promise<void> => {
    if (pools !== undefined)
      await onCluster("renewing join credentials", renewCredentialsScript(spec.aws?.pools ?? []));
  };
  if (done < phaseNumber("signed")) {
    await onAll(context, rotation, "trusted", served, (member) => {
      const { machine, keys } = member;
      if (machine.role === "worker") return worker(member, "trusted");
      const files = trustingFiles(keys, anywhere, target);
      if (files === undefined)
        throw new HostProblem(
          machine.name,
          "/etc/kubernetes/pki/ca.key fits no certificate in ca.crt: put back the pair that the cluster has, which another control-plane node has too",
        );
      return trustScript(machine, files.signing, files.others, record("trusted"));
    });
    await onCluster("publishing the CAs", publishedScript(certificate, false));
    await admit();
    await bring("trusted");
    if (spec.aws?.identity === true) await onCluster("publishing keys for AWS", publishKeysScript(spec.aws));
    await onCluster("restarting workloads", workloadsScript(target.authority));
    const authorities = (machine: ClusterMachine): string => podAuthoritiesScript(machine, certificate);
    await atOnce(members, ({ machine }) =>
      hosts.job(machine.name, {
        name: "waiting for the CAs in volumes of pods",
        script: authorities(machine),
        timeout: WAIT_FOR_HOST,
      }),
    );
    await bring("trusted");
    await pools?.onEach("waiting for the CAs in volumes of pods", authorities);
    await onAll(context, rotation, "signed", served, ({ machine }) =>
      signScript(machine, signingFiles(anywhere, target), record("signed")),
    );
  }
  if (done < phaseNumber("finished")) {
    await admit();
    await onAll(context, rotation, "issued", served, ({ machine }) =>
      issueScript(machine, issued, record("issued")),
    );
    await bring("issued");
    await onCluster("renewing tokens in Secrets", secretTokensScript(target.tokenKey));
    say(
      `waits ${spec.graceSeconds} s (certificates.rotationGraceSeconds), so that programs read their new tokens before the old ones end`,
    );
    await delay(spec.graceSeconds * 1_000);
    await bring("issued");
    await onAll(context, rotation, "finished", served, (member) =>
      member.machine.role === "worker"
        ? worker(member, "finished")
        : finishScript(member.machine, finalFiles(target), record("finished")),
    );
  }
  await onCluster("publishing the CAs", publishedScript(certificate, true));
  await onCluster("renewing tokens in Secrets", secretTokensScript(target.tokenKey));
  await bring("finished");
}

function recordOf(
  { spec, cluster }: Context,
  { target }: Pick<Rotation, "target">,
  phase: Phase,
): RotationRecord {
  return { rotation: spec.rotation, authority: target.authority, phase, cluster };
}

/** Runs a phase on the hosts that do not have it behind them: control-plane nodes first, one after the other. */
async function onAll(
  context: Context,
  { members }: Pick<Rotation, "members">,
  name: Phase,
  after: (member: Member, name: Phase) => Promise<void>,
  script: (member: Member) => string,
): Promise<void> {
  const left = members.filter(({ done }) => done < phaseNumber(name));
  const change = (member: Member): Promise<void> =>
    withChangeLock(context, member.machine, async () => {
      await context.hosts.job(member.machine.name, {
        name: `rotating certificates (${name})`,
        script: script(member),
        timeout: WAIT_FOR_HOST,
      });
      await after(member, name);
    });
  for (const member of left.filter(({ machine }) => machine.role === "controlPlane")) await change(member);
  // A worker signs nothing.
  if (name === "signed") return;
  const workers = left.filter(({ machine }) => machine.role === "worker");
  // To the end on all of them: a host that changes while the step ends would be seen half done by the next one.
  const ends = await atOnce(workers, (member) => Promise.allSettled([change(member)]));
  const failed = ends.flat().find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** @throws HostProblem where a machine does not answer: what does not trust the new CAs would be lost */
async function membersOf(context: Context, target: RotationTarget): Promise<Member[]> {
  const { spec, hosts, cluster } = context;
  const unreachable: HostProblem[] = [];
  const found = await atOnce(spec.machines, async (machine): Promise<Member | undefined> => {
    if (machine.role === "loadBalancer") return undefined;
    try {
      const known = { cluster, spec };
      const state = await readState(hosts, machine.name, known);
      refuseMismatch(machine.name, state, cluster, spec);
      if (state.node?.state !== "joined" || !state.kubelet) return undefined;
      refuseSkew(machine.name, state.now);
      const said = await hosts.query(
        machine.name,
        "reading what it trusts",
        "/bin/bash -s",
        readKeysScript(),
      );
      const keys = readHostKeys(said);
      const done = phasesDone(keys.record, target.authority);
      const isNew = trustsAlone(keys, target) && done === 0;
      return { machine, keys, done: isNew ? PHASES.length : done };
    } catch (error) {
      if (!(error instanceof HostProblem)) throw error;
      unreachable.push(error);
      return undefined;
    }
  });
  if (unreachable.length > 0)
    throw problem(
      "every node must trust the new CAs before they sign anything, so nothing more is changed until all of them answer. Start the machine and run up again. " +
        unreachable.map((one) => one.report()).join("; "),
    );
  return found.filter((member) => member !== undefined);
}

/**
 * A control-plane node that joined with the new CAs, or began with them after a restore, has nothing to do once all kubelets have
 * certificates of the new CA. Before, it would refuse those that have not.
 */
function joinedMeanwhile(members: readonly Member[]): Member[] {
  const isServed = members.every(({ done }) => done >= phaseNumber("issued"));
  return members.map((member) => {
    const isNew = member.keys.record === undefined && member.machine.role === "controlPlane";
    return isNew && !isServed ? { ...member, done: 0 } : member;
  });
}

function problem(text: string): HostProblem {
  return new HostProblem("", `certificates.rotation: ${text}`);
}

/** Before the first host is changed: nobody is left out, and etcd has a snapshot. */
async function prepare(
  context: Context,
  members: readonly Member[],
  through: ClusterMachine,
  pools: PoolNodes | undefined,
): Promise<void> {
  const { hosts, spec } = context;
  const ofPools = (await pools?.look()) ?? [];
  if (members.some(({ keys }) => keys.record?.phase === "begun")) return;
  const said = await hosts.query(through.name, "asking for all nodes", "/bin/bash -s", nodesScript());
  // A machine of the settings that is no node now joins with the new CAs.
  const known = new Set([...spec.machines.map(({ nodeName }) => nodeName), ...ofPools]);
  const others = said.split("\n").filter((name) => name !== "" && !known.has(name));
  if (others.length > 0)
    throw problem(
      `${others.join(", ")} ${others.length === 1 ? "is a node" : "are nodes"} of this cluster and would not learn of the new CAs, because the settings do not have ${others.length === 1 ? "its machine" : "their machines"}. ` +
        "Run up without the new name first, so that what leaves leaves; delete Nodes that nobody declared with kubectl delete node",
    );
  if (spec.backup) await snapshotBeforeRotation(context, through);
}
