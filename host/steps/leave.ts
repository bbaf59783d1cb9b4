import { ownerOf } from "../../model/immutableSettings";
import { departure, lastOne, type Verdict } from "../../model/lifecycle/departure";
import type { EtcdMember } from "../../model/node/etcd";
import type { Intended } from "../../model/lifecycle/intended";
import { resetScript } from "../../model/lifecycle/leaving";
import { hostLog } from "../../model/node/log";
import {
  aliveScript,
  DONE_BEFORE,
  removeNodeScript,
  removeNodeTimeout,
} from "../../model/lifecycle/removing";
import type { ClusterMachine } from "../../model/machine";
import { askControlPlane, askEtcd, ownIntended, type ControlPlane } from "../controlPlane";
import { insistedBy, waysToInsist } from "../insist";
import { HostKeyError, HostProblem, UnreachableError } from "../problem";
import type { NodeStepSpec, StepResult } from "../protocol";
import { readState, type HostState } from "../state";
import { withDrainLock } from "../rollout";
import { machineOf, type StepContext } from "../step";
import { snapshotBeforeLeaving } from "./snapshot";

type Context = StepContext<NodeStepSpec>;

/** What became of the machine's own host. */
type Host =
  /** Logged on to. */
  | { readonly kind: "reached"; readonly state: HostState }
  /** Not looked at, for the reason given. */
  | { readonly kind: "missed"; readonly reason: HostProblem };

/**
 * Takes a node out of the cluster: drain, etcd member, Node, then the host. Whatever is refused or fails on the way ends the
 * step before anything is reset, because etcd's refusal is the one sign that the cluster would be lost, and because a
 * machine that lives must not be forgotten. An explicit word (`insistedBy`) goes past all of it.
 */
export async function leave(context: Context): Promise<StepResult> {
  const { cluster, say } = context;
  const machine = machineOf(context.spec);
  const insisted = insistedBy(machine);
  if (insisted !== undefined) say(`${machine.name}: is removed by force, because ${insisted}`);
  const host = await lookAt(context, machine);
  const node = host.kind === "reached" ? host.state.node : undefined;
  const inCluster = node?.cluster === cluster;
  const ours = inCluster && node.owner === ownerOf(machine);
  if (inCluster && !ours) {
    say(`${machine.name}: now belongs to a later step (${node.owner}), not touched`);
    return {};
  }
  if (ours && isAnotherInstance(context, machine, host)) {
    say(`${machine.name}: its instance is gone, and a new one has restored the cluster: not touched`);
    return {};
  }
  const plane = await askControlPlane(context, machine);
  if (insisted === undefined) refuseUnknownHost(machine, host, plane.intended);
  if (plane.answering.length === 0) await leaveAlone(context, machine, host, plane, ours, insisted);
  else
    await inTurn(context, machine, plane, ours, insisted, () =>
      leaveOthers(context, machine, host, plane, ours, insisted),
    );
  if (ours) await reset(context, machine, insisted);
  else if (host.kind === "reached") say(`${machine.name}: is not a node of this cluster, not touched`);
  else say(`${host.reason.report()}; its host was not changed`);
  return {};
}

/**
 * A worker that the settings no longer have drains while it has the drain lock, so that no more nodes of its pool are away at a time than
 * `upgrades` allows. Without the lock go: a dead node, which takes nobody away; one that is removed by force; and all nodes of a cluster that is destroyed and
 * a machine whose revision was raised, since the settings have both. Control-plane nodes leave as etcd lets them.
 */
async function inTurn(
  context: Context,
  machine: ClusterMachine,
  { answering, intended }: ControlPlane,
  alive: boolean,
  insisted: string | undefined,
  work: () => Promise<void>,
): Promise<void> {
  const stays = intended?.machines.some(({ name }) => name === machine.name) ?? true;
  if (machine.role !== "worker" || !alive || stays || insisted !== undefined) return work();
  const { spec } = context;
  // The steps that stay ask the first that answers in the order of the settings, so this one asks that too.
  const keeper = spec.machines.find(({ name }) => answering.includes(name))?.name;
  const change = { target: undefined, maxUnavailable: spec.upgrades?.maxUnavailable ?? 1 };
  await withDrainLock(context, machine, change, work, keeper === undefined ? {} : { keeper });
}

/**
 * A lost instance has another one at its address, with the same host key. Where `etcd.restore` has made the cluster again on that one,
 * this step, which is replaced because of the lost one, must not take it away.
 */
function isAnotherInstance({ spec, previous }: Context, machine: ClusterMachine, host: Host): boolean {
  const before = previous?.machineId ?? "";
  if (spec.cloud !== true || machine.role !== "controlPlane" || host.kind !== "reached") return false;
  return before !== "" && host.state.machineId !== "" && host.state.machineId !== before;
}

async function reset(
  { spec, hosts, say }: Context,
  machine: ClusterMachine,
  insisted: string | undefined,
): Promise<void> {
  try {
    await hosts.job(machine.name, {
      name: "kubeadm reset",
      script: resetScript(spec.fixed.podCidr),
      timeout: 600,
    });
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    const rest = "it has left the cluster, and its host is not wholly reset";
    if (insisted === undefined)
      throw new HostProblem(
        machine.name,
        `${rest}: ${error.message}. The next run goes on with that. ${waysToInsist(machine.name)}`,
        error.tail,
      );
    say(`${error.report()}; ${rest}`);
  }
}

async function lookAt({ hosts, cluster, spec }: Context, machine: ClusterMachine): Promise<Host> {
  try {
    return {
      kind: "reached",
      state: await readState(hosts, machine.name, { cluster, spec }),
    };
  } catch (error) {
    if (error instanceof HostProblem) return { kind: "missed", reason: error };
    throw error;
  }
}

/**
 * Only an address that does not answer may belong to a machine that is gone; and another key, where the settings name just
 * that key for the machine by now: another host is behind the name.
 */
function refuseUnknownHost(machine: ClusterMachine, host: Host, now: Intended | undefined): void {
  if (host.kind === "reached") {
    if (host.state.node !== undefined || !host.state.kubelet) return;
    throw refusal(
      machine,
      "its host is a node (/etc/kubernetes/kubelet.conf exists), but the record of its cluster is missing",
    );
  }
  if (host.reason instanceof UnreachableError) return;
  const key = now?.machines.find((one) => one.name === machine.name)?.hostKey;
  if (host.reason instanceof HostKeyError && host.reason.shown !== undefined && host.reason.shown === key)
    return;
  throw refusal(
    machine,
    `cannot tell whether its host is gone: ${host.reason.message}. Fix that first`,
    host.reason.tail,
  );
}

function refusal(machine: ClusterMachine, why: string, tail: readonly string[] = []): HostProblem {
  return new HostProblem(
    machine.name,
    `is not removed, and nothing was changed: ${why}. ${waysToInsist(machine.name)}`,
    tail,
  );
}

/** The removal ended on its way: what was done by then stays so, and its host was not touched. */
function unfinished(machine: ClusterMachine, through: string, { message, tail }: HostProblem): HostProblem {
  const far = message.includes(DONE_BEFORE) ? "" : `; how far it came is in ${hostLog} on ${through}`;
  return new HostProblem(
    machine.name,
    `is not removed, and its host was not reset: ${through}: ${message}${far}. ` +
      `The next run goes on from there. ${waysToInsist(machine.name)}`,
    tail,
  );
}

/** Control-plane nodes stay: they move its pods, let go of its etcd member and delete its Node. */
async function leaveOthers(
  context: Context,
  machine: ClusterMachine,
  host: Host,
  plane: ControlPlane,
  ours: boolean,
  insisted: string | undefined,
): Promise<void> {
  const { spec, hosts, say } = context;
  const through = plane.answering[0];
  const verdict =
    machine.role === "controlPlane" ? await judge(context, machine, host, plane) : { first: [] };
  if (verdict.refused !== undefined) {
    if (insisted === undefined) throw refusal(machine, verdict.refused);
    say(`${machine.name}: ${verdict.refused}; continuing anyway`);
  }
  if (insisted === undefined && host.kind === "missed") await refuseAlive(context, machine, plane, through);
  if (machine.role === "controlPlane") await snapshotBeforeLeaving(context, machine, through, insisted);
  try {
    await hosts.job(through, {
      name: `removing node ${machine.name}`,
      script: removeNodeScript(spec.node, {
        alive: ours,
        first: verdict.first,
        insist: insisted !== undefined,
      }),
      timeout: removeNodeTimeout(spec.node),
    });
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    if (insisted === undefined) throw unfinished(machine, through, error);
    say(`${error.report()}; continuing anyway`);
  }
}

async function judge(
  context: Context,
  machine: ClusterMachine,
  host: Host,
  plane: ControlPlane,
): Promise<Verdict> {
  let members: EtcdMember[];
  try {
    members = await askEtcd(context, plane.answering);
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    return { refused: `cannot ask etcd whether the member can leave: ${error.report()}`, first: [] };
  }
  return departure({
    machine,
    members,
    reached: host.kind === "reached",
    former: context.spec.machines.filter((one) => one.role === "controlPlane"),
    intended: plane.intended,
    insisted: (one) => insistedBy(one) !== undefined,
  });
}

/** A machine that cannot be reached from here, and lives: a VPN or a packet filter is in between. */
async function refuseAlive(
  context: Context,
  machine: ClusterMachine,
  plane: ControlPlane,
  through: string,
): Promise<void> {
  const shared = (plane.intended?.machines ?? []).some(
    (one) =>
      one.nodeAddress === machine.nodeAddress &&
      (one.name !== machine.name || one.revision > machine.revision),
  );
  const said = await context.hosts.query(
    through,
    `asking whether ${machine.name} lives`,
    "/bin/bash -s",
    aliveScript(machine, shared),
  );
  const alive = /^##alive (.*)$/m.exec(said)?.[1];
  if (alive !== undefined)
    throw refusal(
      machine,
      `its host is unreachable from here but not gone: ${alive}. Look for a VPN, packet filter or route in between`,
    );
}

/**
 * No control-plane node answers for the cluster. That is as it should be for the last node of a cluster that is destroyed,
 * which may go when its own etcd knows of nobody else; in any other case it cannot be told what would be lost.
 */
async function leaveAlone(
  context: Context,
  machine: ClusterMachine,
  host: Host,
  plane: ControlPlane,
  ours: boolean,
  insisted: string | undefined,
): Promise<void> {
  const why = await reasonToStay(context, machine, host, plane, ours);
  if (why === undefined) return;
  if (insisted === undefined) throw refusal(machine, why);
  context.say(`${machine.name}: ${why}; its Node and etcd member stay behind, and the removal continues`);
}

async function reasonToStay(
  context: Context,
  machine: ClusterMachine,
  host: Host,
  { silent }: ControlPlane,
  ours: boolean,
): Promise<string | undefined> {
  const here = host.kind === "reached" ? host.state : undefined;
  const now = ours ? await ownIntended(context, machine.name) : undefined;
  // Whoever is to be removed by force needs no asking.
  const left = silent.filter(
    ({ name }) =>
      insistedBy(now?.machines.find((one) => one.name === name) ?? { name, removal: "safe" }) === undefined,
  );
  if (left.length > 0) return `no control-plane node answers: ${left.map(({ reason }) => reason).join("; ")}`;
  if (machine.role !== "controlPlane")
    return here === undefined || ours ? "there is no control-plane node that could remove it" : undefined;
  if (here === undefined)
    return `no control-plane node is left, and its own host does not answer: ${host.kind === "missed" ? host.reason.message : ""}`;
  // It was reset by an earlier run, or never got as far as having data.
  if (!ours || !here.etcd) return undefined;
  try {
    return lastOne(machine, await askEtcd(context, [machine.name]), now);
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    return `cannot ask its etcd whether it is the last member: ${error.report()}`;
  }
}
