import { filesOfNode } from "../../model/lifecycle/files";
import { nodeIdentity } from "../../model/lifecycle/digest";
import { convergeScript } from "../../model/lifecycle/converging";
import { credentialScript, joinScript } from "../../model/lifecycle/joining";
import { sha256 } from "../../model/core/hash";
import { drainScript, leftDrainedScript } from "../../model/lifecycle/draining";
import type { DrainingChange } from "../../model/lifecycle/lock";
import { isMemberOf, type EtcdMember } from "../../model/node/etcd";
import { wellScript } from "../../model/lifecycle/well";
import { nodeUndo } from "../../model/lifecycle/undo";
import { afterPutBack, forgetFormer, guarded, takeBackScript } from "../../model/node/undo";
import { adoptScript, forgetScript } from "../../model/lifecycle/nodes";
import { DISCOVERY_FILE } from "../../model/lifecycle/parts";
import { afterRestoreScript } from "../../model/etcd/restore/scripts";
import { secretComponentFiles } from "../../model/kubeadm";
import { changesManagers, managerPolicies } from "../../model/kubeadm/managers";
import type { ClusterMachine } from "../../model/machine";
import { refuseMismatch, refuseOtherAuthority, refuseOtherNode } from "../guard";
import { askEtcd, controlPlaneNode } from "../controlPlane";
import { HostProblem } from "../problem";
import type { NodeStepSpec, StepResult } from "../protocol";
import { machineOf, readUnlessForced, refuseSkew, type StepContext } from "../step";
import { withChangeLock, withDrainLock } from "../rollout";
import { apartFromMaintenance } from "../maintenance";
import { refuseHeld } from "./held";
import { leave } from "./leave";
import { oidcCa, platformPart, secretFiles } from "./init";
import { withValues } from "../values";
import { configurationNow } from "./configuration";
import { settleEncryption } from "./encryption";
import { hopBefore } from "./hops";
import { readyAmongOthers } from "./ready";
import { ensureSetup } from "./setup";
import { snapshotBeforeVersion } from "./snapshot";
import { explained, letBack, putBackFirst } from "./wayBack";

/** Hours for which a join credential is good; it is used within minutes. */
const CREDENTIAL_HOURS = 1;
type Context = StepContext<NodeStepSpec>;

/** A machine being a node: create joins, update reconfigures or upgrades, delete drains, removes and resets. */
export async function nodeLifecycle(context: Context): Promise<StepResult> {
  if (context.operation === "delete") {
    await refuseHeld(context);
    return apartFromMaintenance(context, machineOf(context.spec), hasMaintenance(context), () =>
      leave(context),
    );
  }
  const { spec, hosts, cluster, previous } = context;
  const machine = machineOf(spec);
  const state = await readUnlessForced(context, machine);
  if (state === undefined) return previous ?? {};
  refuseSkew(machine.name, state.now);
  refuseMismatch(machine.name, state, cluster, spec);
  const joined = state.node?.state === "joined" && state.kubelet;
  refuseOtherNode(machine, state);
  refuseOtherAuthority(machine.name, state, context.input.files);
  const isRestored = spec.restored !== undefined && previous?.restored !== spec.restored;
  if (context.operation === "update" && !joined && !isRestored && (previous?.revision ?? 0) >= spec.revision)
    throw new HostProblem(
      machine.name,
      `is no longer a node: somebody wiped or reset it. Raise machines.${machine.name}.revision to ${spec.revision + 1}, so that it joins as a new node`,
    );
  // What a change that was cut off wrote is put back first, whatever its record says by then.
  const digest = state.undo === true ? undefined : state.node?.digest;
  const facts = nodeIdentity(spec.node, spec.fixed, cluster);
  const files = withValues(filesOfNode(spec.node, oidcCa(context.input)), context.values);
  const secrets = secretFiles(context.input);
  const platform = platformPart(context, machine);
  if (spec.setup !== undefined) await ensureSetup(context, machine, spec.setup);
  // Before a node joins too: it starts with the keys of the settings, and those that are there must know them.
  if (machine.role === "controlPlane") await settleEncryption(context, machine, joined);
  if (joined && isRestored)
    await hosts.job(machine.name, {
      name: "starting the kubelet anew",
      script: afterRestoreScript(spec.restored ?? ""),
    });
  const adopter = async (): Promise<string> =>
    machine.role === "controlPlane" ? machine.name : another(context, machine);
  const adopt = async (): Promise<void> => {
    const through = await adopter();
    const script = adoptScript(spec.node);
    await hosts.job(through, { name: `adopting ${machine.name}`, script });
  };
  const converge = async (): Promise<void> => {
    const change = convergeScript(spec.node, facts, files, secrets, platform);
    const well = wellScript(machine);
    const former = state.node?.version ?? spec.kubernetesVersion;
    const sameVersion = joined && former === spec.kubernetesVersion;
    // A worker that does not get well with another version stays drained, and counts, until it is mended.
    const goesBack = sameVersion || machine.role === "controlPlane";
    const check = digest === facts.digest ? {} : { check: well };
    try {
      await hosts.job(machine.name, {
        name: "reconfiguring the node",
        script: goesBack
          ? guarded({ ...nodeUndo(machine, [...files, ...secrets]), change, well, keep: true, ...check })
          : afterPutBack(change),
        // A version that fails has taken its time, and so does its way back.
        timeout: sameVersion ? 1_800 : 3_600,
      });
      if (!goesBack) return await adopt();
      await adopt().catch(async (error: unknown) => {
        throw await takenBack(context, machine, error, well);
      });
    } catch (error) {
      throw sameVersion || !goesBack ? error : await explained(context, machine, error, former);
    }
    await hosts.attempt(machine.name, forgetFormer);
  };
  if (!joined) {
    const through = await another(context, machine);
    const now =
      machine.role === "controlPlane"
        ? await configurationNow(
            hosts,
            through,
            files,
            (spec.node.controlPlane === undefined ? [] : secretComponentFiles(spec.node.controlPlane)).map(
              (file) => file.path,
            ),
          )
        : { files: [], outdated: false };
    await hosts.job(through, {
      name: `forgetting an earlier ${machine.name}`,
      script: forgetScript(machine, await deadAndLeaving(context, machine, through)),
    });
    const credential = await hosts.query(
      through,
      "creating a join credential",
      "/bin/bash -s",
      credentialScript(machine.nodeName, CREDENTIAL_HOURS),
    );
    // Its key alone: what else is in it, the endpoint above all, is wanted in messages.
    hosts.conceal(/client-key-data: *(\S+)/.exec(credential)?.[1] ?? credential);
    const discovery = { path: DISCOVERY_FILE, mode: "0600", content: credential };
    await hosts.job(machine.name, {
      name: "kubeadm join",
      script: joinScript(
        spec.kubernetesVersion,
        facts,
        [...files, ...now.files],
        [...secrets, discovery],
        platform,
      ),
      timeout: 900,
    });
    if (now.outdated) await converge();
    else await adopt();
    await readyAmongOthers(context, machine, through);
  } else if (digest !== facts.digest || state.node?.owner !== facts.owner || context.operation === "update") {
    const sameVersion = state.node?.version === spec.kubernetesVersion;
    const restartsPods =
      !sameVersion || changesManagers(state.living.managers, managerPolicies(spec.node, machine));
    if (!sameVersion && state.undo === true && machine.role === "controlPlane")
      await apartFromMaintenance(context, machine, hasMaintenance(context), () =>
        putBackFirst(context, machine),
      );
    if (!sameVersion) await snapshotBeforeVersion(context, machine, [...files, ...secrets]);
    await apartFromMaintenance(context, machine, hasMaintenance(context), async () => {
      if (machine.role === "controlPlane")
        await hopBefore(context, state.node?.version ?? spec.kubernetesVersion);
      const resumed = !restartsPods && digest === facts.digest && (await leftDrained(context, machine));
      if (restartsPods)
        await drained(context, machine, state.node?.version ?? spec.kubernetesVersion, converge);
      // The host came to an end without its run, and may not be well with it: it counts, and goes first, as one that is drained.
      else if (resumed) await withDrainLock(context, machine, drainingChange(spec), converge);
      // Control-plane nodes are changed one after the other by the order of their steps.
      else if (machine.role === "worker" && digest !== facts.digest)
        await withChangeLock(context, machine, converge);
      else await converge();
    });
  } else {
    // It has joined in a run that was cut off, or that saw it NotReady.
    await adopt();
    await readyAmongOthers(context, machine, await adopter());
  }
  const { restored } = spec;
  return {
    ...{ machine: machine.name, revision: spec.revision, machineId: state.machineId },
    ...(restored === undefined ? {} : { restored }),
  };
}

function hasMaintenance({ spec }: Context): boolean {
  return spec.node.maintenance !== undefined;
}

/**
 * The node's configuration is new and its labels are not: what the host has must not differ from the state, which keeps the former
 * settings, so the former files come back.
 * @returns the error of the step
 */
async function takenBack(
  { hosts }: Context,
  machine: ClusterMachine,
  error: unknown,
  well: string,
): Promise<unknown> {
  if (!(error instanceof HostProblem)) return error;
  const job = { name: "putting the former files back", script: takeBackScript(well), timeout: 1_200 };
  const said = await hosts.job(machine.name, job).then(
    () => `${machine.name} has its former files again`,
    (other: unknown) => (other instanceof HostProblem ? other.report() : String(other)),
  );
  return new HostProblem(error.machine, `${error.message}; ${said}`, error.tail);
}

/**
 * Dead members of etcd whose machines the settings no longer have. Their steps are deleted after this one, and etcd takes no new
 * member while one is dead.
 */
async function deadAndLeaving(
  context: Context,
  machine: ClusterMachine,
  through: string,
): Promise<EtcdMember[]> {
  if (machine.role !== "controlPlane") return [];
  const wanted = context.spec.machines.filter((one) => one.role === "controlPlane");
  const members = await askEtcd(context, [through]);
  return members.filter((member) => !member.healthy && !wanted.some((one) => isMemberOf(member, one)));
}

/**
 * A kubelet of another version starts its pods anew, and one with another CPU or memory policy knows nothing of what its pods were
 * given, so they are moved away first, from no more nodes of a pool at a time than `upgrades` allows; adopting the
 * node lets them come back. The only control-plane node keeps its pods: nobody else could drain it.
 */
async function drained(
  context: Context,
  machine: ClusterMachine,
  former: string,
  upgrade: () => Promise<void>,
): Promise<void> {
  const { hosts, spec } = context;
  const others = spec.machines.some((one) => one.role === "controlPlane" && one.name !== machine.name);
  if (!others) return upgrade();
  const through = await another(context, machine);
  await withDrainLock(context, machine, drainingChange(spec), async (stillHeld) => {
    try {
      await hosts.job(through, {
        name: `draining ${machine.name}`,
        script: drainScript(spec.node),
        timeout: spec.node.drainTimeoutSeconds + 60,
      });
      await stillHeld();
      await upgrade();
    } catch (error) {
      // A node that is what it was must not wait for a run that may never come.
      if (former === spec.kubernetesVersion || machine.role === "controlPlane")
        await letBack(context, machine, through, former);
      throw error;
    }
  });
}

/** What a drained node gets, as all nodes of its pool do: another version, or other policies of its kubelet. */
function drainingChange({ node, upgrades }: NodeStepSpec): DrainingChange {
  const policies = sha256(JSON.stringify(managerPolicies(node, node.machine))).slice(0, 8);
  const target = `v${node.kubernetesVersion}-${policies}`;
  return { target, maxUnavailable: upgrades?.maxUnavailable ?? 1 };
}

/** Whether a worker is still marked by a run that drained it; of others their order takes care. */
async function leftDrained(context: Context, machine: ClusterMachine): Promise<boolean> {
  if (machine.role !== "worker") return false;
  const through = await another(context, machine);
  const script = leftDrainedScript(context.spec.node);
  return (
    (await context.hosts.query(through, "asking for the node's mark", "/bin/bash -s", script)).trim() !== ""
  );
}

/** A control-plane node that lets the machine in, and drains it. */
function another(context: Context, machine: ClusterMachine): Promise<string> {
  return controlPlaneNode(context, machine, { for: "its join or its drain", other: true });
}
