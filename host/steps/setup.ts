import { ownerOf } from "../../model/immutableSettings";
import { lastOne } from "../../model/lifecycle/departure";
import { resetScript } from "../../model/lifecycle/leaving";
import { SETUP_FILE } from "../../model/node/shell";
import { isSetupSecret } from "../../model/node/setupSecrets";
import { cleanupScript } from "../../model/node/cleanup";
import { renderNode } from "../../model/node/render";
import { guarded, setupUndo } from "../../model/node/undo";
import { wellScript } from "../../model/lifecycle/well";
import { askEtcd, ownIntended } from "../controlPlane";
import { insistedBy, waysToInsist } from "../insist";
import { HostProblem, UnreachableError } from "../problem";
import type { RenderedFile } from "../../model/renderedFile";
import { restartCheck, RESTARTS } from "../../model/node/restarts";
import type {
  InitSpec,
  NodeStepSpec,
  RestoreSpec,
  SetupPart,
  SetupSpec,
  StepInput,
  StepResult,
} from "../protocol";
import type { ClusterMachine } from "../../model/machine";
import { refuseMismatch } from "../guard";
import { apartFromMaintenance } from "../maintenance";
import { withChangeLock } from "../rollout";
import { readState, type HostState } from "../state";
import { withValues } from "../values";
import { machineOf, readUnlessForced, refuseSkew, type StepContext } from "../step";

/** Makes a bare host ready for kubeadm, and keeps it so; on delete takes back what it put there. */
export async function setup(context: StepContext<SetupSpec>): Promise<StepResult> {
  return context.operation === "delete" ? cleanUp(context) : prepare(context);
}

async function prepare(context: StepContext<SetupSpec>): Promise<StepResult> {
  const { spec, operation, previous } = context;
  const state = await readUnlessForced(context, machineOf(spec));
  if (state === undefined) return previous ?? {};
  refuseSkew(spec.machine, state.now);
  refuseMismatch(spec.machine, state, context.cluster, spec);
  if (operation === "update" && isBare(state) && (previous?.revision ?? 0) >= spec.revision)
    throw new HostProblem(
      spec.machine,
      `the host has no trace of an earlier setup: somebody wiped it, or it is another host. If you meant that, raise ` +
        `machines.${spec.machine}.revision to ${spec.revision + 1}, and it joins as a new node`,
    );
  const machine = machineOf(spec);
  const living = isLiving(context, state);
  const restarts = living && (state.undo === true || (await restartsNode(context)));
  const run = () => runSetup(context, machine, spec, { living, restarts });
  const maintained = living && spec.node.maintenance === true;
  await apartFromMaintenance(context, machine, maintained, () =>
    restarts ? withChangeLock(context, machine, run) : run(),
  );
  return { machine: spec.machine, revision: spec.revision, machineId: state.machineId };
}

/** Nothing of the library or of a node is there; a record that cannot be read is something. */
function isBare(state: HostState): boolean {
  return !state.setup && !state.node && !state.kubelet && (state.unreadable ?? []).length === 0;
}

function isLiving(
  { cluster }: Pick<StepContext<SetupSpec>, "cluster">,
  { node, kubelet }: HostState,
): boolean {
  return node?.state === "joined" && node.cluster === cluster && kubelet;
}

/** Whether setup would restart what the pods of a living node live on. */
async function restartsNode({ spec, hosts, input, values }: StepContext<SetupSpec>): Promise<boolean> {
  const script = restartCheck(withValues(spec.node, values), setupSecrets(input));
  return (await hosts.query(spec.machine, "checking what changes", "/bin/bash -s", script)).includes(
    RESTARTS,
  );
}

function setupSecrets({ files }: StepInput): RenderedFile[] {
  return files.filter((file) => isSetupSecret(file.path)).map((file) => ({ ...file, mode: "0600" }));
}

async function runSetup(
  { hosts, input, values }: Pick<StepContext<SetupSpec>, "hosts" | "input" | "values">,
  machine: ClusterMachine,
  part: SetupPart,
  { living, restarts }: { readonly living: boolean; readonly restarts: boolean },
): Promise<void> {
  const secret = setupSecrets(input);
  // By itself too, so that the password is cut out of messages that do not quote the whole of a line.
  for (const { content } of secret)
    for (const [, password] of content.matchAll(/:\/\/[^:/\s]*:([^@\s]+)@/g)) hosts.conceal(password ?? "");
  const rendered = renderNode(part.node, secret);
  await hosts.job(machine.name, {
    name: "node setup",
    script: withValues(
      living ? guardedSetup(part, machine, rendered.setupScript, restarts) : rendered.setupScript,
      values,
    ),
    timeout: 3_600,
  });
  const mark = { machine: machine.name, revision: machine.revision, digest: part.digest };
  await hosts.query(
    machine.name,
    "recording the setup",
    // Written through: a power cut must not leave an empty record.
    `mkdir -p "$(dirname ${SETUP_FILE})" && cat >${SETUP_FILE}.tmp && sync ${SETUP_FILE}.tmp && ` +
      `mv -f ${SETUP_FILE}.tmp ${SETUP_FILE} && sync "$(dirname ${SETUP_FILE})"`,
    `${JSON.stringify(mark)}\n`,
  );
}

/** A living node's: the host puts its former files back where it does not get well. */
function guardedSetup(part: SetupPart, machine: ClusterMachine, change: string, restarts: boolean): string {
  const well = wellScript(machine);
  return guarded({
    ...setupUndo(part.node),
    change,
    well,
    ...(restarts ? { check: well } : {}),
  });
}

/** Setup as a part of a step that needs it: run where the host's last one is not what is rendered now. */
export async function ensureSetup(
  context: StepContext<InitSpec | NodeStepSpec | RestoreSpec>,
  machine: ClusterMachine,
  part: SetupPart,
): Promise<void> {
  const state = await readState(context.hosts, machine.name, {
    cluster: context.cluster,
    spec: context.spec,
  });
  const last = state.setup;
  if (last?.digest === part.digest && last.revision === machine.revision) return;
  const living = isLiving(context, state);
  await runSetup(context, machine, part, { living, restarts: living });
}

/**
 * Takes back what setup put on a host that has left its cluster. A host that does not answer has nothing to be cleaned, since
 * its node step was removed before; a balancer has none, and nobody else can tell whether it is gone.
 */
async function cleanUp(context: StepContext<SetupSpec>): Promise<StepResult> {
  const { spec, say } = context;
  const machine = machineOf(spec);
  const insisted = insistedBy(machine);
  try {
    await clean(context, machine);
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    const gone = error instanceof UnreachableError && machine.role !== "loadBalancer";
    if (insisted === undefined && !gone)
      throw new HostProblem(
        machine.name,
        `its setup could not be taken back: ${error.message}. ${waysToInsist(machine.name)}`,
        error.tail,
      );
    say(
      `${error.report()}; what is left of its setup stays${insisted === undefined ? "" : `, since ${insisted}`}`,
    );
  }
  return {};
}

async function clean(context: StepContext<SetupSpec>, machine: ClusterMachine): Promise<void> {
  const { spec, hosts, say, cluster } = context;
  const state = await readState(hosts, machine.name, { cluster, spec });
  if (!state.setup || state.setup.machine !== machine.name) {
    say(`${machine.name}: has no setup of this machine, not touched`);
    return;
  }
  const { node } = state;
  if (node !== undefined && (node.cluster !== context.cluster || node.owner !== ownerOf(machine))) {
    say(`${machine.name}: now belongs to another step (${node.owner}), not touched`);
    return;
  }
  if (node !== undefined) await resetHalf(context, machine, state);
  const script = cleanupScript();
  await hosts.job(machine.name, {
    name: "clean-up",
    script: `${script}\nrm -f ${SETUP_FILE}\n`,
    timeout: 600,
  });
}

/**
 * The host is a node although its node step is gone from Pulumi's state, or never got there: a join or an init that failed.
 * It is reset where nothing but itself is lost by that.
 * @throws HostProblem where the node lives on in a cluster
 */
async function resetHalf(
  context: StepContext<SetupSpec>,
  machine: ClusterMachine,
  state: HostState,
): Promise<void> {
  const { hosts, spec } = context;
  const why = machine.role === "controlPlane" ? await dataOfOthers(context, machine, state) : undefined;
  if (why !== undefined || (machine.role === "worker" && state.node?.state === "joined"))
    throw new HostProblem(
      machine.name,
      `is still a node of this cluster${why === undefined ? "" : `: ${why}`}. Add it to the settings again, run up, then remove it`,
    );
  await hosts.job(machine.name, {
    name: "kubeadm reset",
    script: resetScript(spec.fixed.podCidr),
    timeout: 600,
  });
}

async function dataOfOthers(
  { hosts, cluster }: StepContext<SetupSpec>,
  machine: ClusterMachine,
  state: HostState,
): Promise<string | undefined> {
  if (!state.etcd) return undefined;
  try {
    const now = await ownIntended({ hosts, cluster }, machine.name);
    return lastOne(machine, await askEtcd({ hosts }, [machine.name]), now);
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    // Init that never came to an answering etcd has made nothing.
    return state.node?.state === "initialising"
      ? undefined
      : `cannot ask its etcd whether it is the last member: ${error.report()}`;
  }
}
