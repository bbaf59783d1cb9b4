import { restoredNodePart } from "../../model/aws/node/controlPlane";
import { filesOfNode } from "../../model/lifecycle/files";
import { nodeIdentity } from "../../model/lifecycle/digest";
import { restoreInitScript, stoppedScript } from "../../model/lifecycle/restoring";
import { CLUSTER_DOCUMENT, kubernetesBinaries } from "../../model/lifecycle/parts";
import { lostSince, unsuitable, type SnapshotHeader } from "../../model/etcd/restore/header";
import { dataScript, headerFile, prepareScript, restoreStateScript } from "../../model/etcd/restore/scripts";
import type { ClusterMachine } from "../../model/machine";
import { paths } from "../../model/kubeadm/paths";
import { readHostKeys, trustsAuthority } from "../../model/rotation/authorities";
import { readKeysScript } from "../../model/rotation/scripts";
import { atOnce } from "../atOnce";
import { missingKeys } from "../../model/kubeadm/encryption";
import { refuseMismatch, refuseOtherAuthority } from "../guard";
import { HostProblem, UnreachableError } from "../problem";
import type { RestoreSpec, StepResult } from "../protocol";
import { readState, type HostState } from "../state";
import { refuseSkew, type StepContext } from "../step";
import { withValues } from "../values";
import { oidcCa, platformPart, reachedPart, secretFiles } from "./init";
import { givenKeys } from "./encryption";
import { ensureSetup } from "./setup";

type Context = StepContext<RestoreSpec>;

/** A control-plane node of the settings as the restore finds it. */
interface Found {
  readonly machine: ClusterMachine;
  readonly state: HostState;
  /** The cluster was restored from this snapshot here, and the node is part of it. */
  readonly restored: boolean;
  /** Data of the snapshot lies ready. */
  readonly ready: boolean;
  /** The target is a folder, and the snapshot is in this node's. */
  readonly has: boolean;
}

/**
 * Puts the cluster back to a snapshot, once for one name of it: data is made ready on one control-plane node while the others still
 * run; then all of them stop, and that one is initialised with the data, the CAs and the keys of the state. The others join again by
 * their own steps. A run that is cut off goes on with the next one.
 */
export async function restore(context: Context): Promise<StepResult> {
  const { spec, say, previous } = context;
  const result = { restored: spec.snapshot };
  if (previous?.restored === spec.snapshot) return result;
  const found = await lookAtAll(context);
  const done = found.find(({ restored, state }) => restored && isLiving(context, state));
  if (done !== undefined) {
    say(`${done.machine.name}: the cluster was restored from ${spec.snapshot} before`);
    return result;
  }
  const first = chosen(context, found);
  await refuseOtherWorkers(context);
  await setUp(context, first);
  await prepare(context, first.machine);
  await stopAll(context, found, first);
  await initialise(context, first.machine);
  return result;
}

/**
 * The restored control plane has the CAs of the stack and no other. Workers that do not trust them would be lost: nothing of the former
 * control plane is left that a rotation could go through.
 */
async function refuseOtherWorkers({ spec, hosts, cluster, input, say }: Context): Promise<void> {
  const certificate = input.files.find(({ path }) => path === `${paths.pki}/ca.crt`)?.content;
  if (certificate === undefined) return;
  const workers = Object.keys(input.connections).filter((name) => !spec.controlPlaneNodes.includes(name));
  const refuses = async (name: string): Promise<boolean> => {
    try {
      const { node, kubelet } = await readState(hosts, name, { cluster, spec });
      if (node?.cluster !== cluster || node.state !== "joined" || !kubelet) return false;
      const said = await hosts.query(name, "reading what it trusts", "/bin/bash -s", readKeysScript());
      return !trustsAuthority(readHostKeys(said), certificate);
    } catch (error) {
      if (!(error instanceof HostProblem)) throw error;
      say(`${error.report()}; continuing without knowing whether it trusts the CAs of the stack`);
      return false;
    } finally {
      hosts.leave(name);
    }
  };
  const others = (await atOnce(workers, async (name) => ((await refuses(name)) ? [name] : []))).flat();
  if (others.length > 0)
    throw new HostProblem(
      "",
      `etcd.restore: ${others.join(", ")} ${others.length === 1 ? "does" : "do"} not trust the cluster CA that certificates.rotation names, and would be lost. ` +
        "Nothing was stopped. Set certificates.rotation as it was before, restore, and rotate in another run",
    );
}

function isLiving({ cluster }: Pick<Context, "cluster">, { node, kubelet }: HostState): boolean {
  return kubelet && node?.cluster === cluster && node.state === "joined";
}

async function lookAtAll(context: Context): Promise<Found[]> {
  const { spec, hosts, cluster } = context;
  const { backup } = spec.node.controlPlane ?? {};
  const folder = backup?.target.kind === "folder" ? backup.target.path : "";
  const plane = spec.controlPlaneNodes.map(
    (name) => spec.machines.find((one) => one.name === name) ?? unknown(name),
  );
  return Promise.all(
    plane.map(async (machine) => {
      const state = await readState(hosts, machine.name, { cluster, spec }).catch((error: unknown) => {
        throw spec.cloud === true && error instanceof UnreachableError ? perhapsLost(error) : error;
      });
      refuseSkew(machine.name, state.now);
      refuseMismatch(machine.name, state, cluster, spec);
      refuseOtherAuthority(machine.name, state, context.input.files);
      const said = await hosts.query(
        machine.name,
        "looking for an earlier restore",
        "/bin/bash -s",
        restoreStateScript(folder, spec.snapshot),
      );
      const lines = said.split("\n");
      const [restored, ready, has] = ["##restored", "##ready", "##has"].map((line) => lines.includes(line));
      return { machine, state, restored: restored === true, ready: ready === true, has: has === true };
    }),
  );
}

/** Pulumi takes an instance for living until a refresh has looked. */
function perhapsLost({ machine, message, tail }: UnreachableError): UnreachableError {
  return new UnreachableError(
    machine,
    `${message}. Nothing was stopped. If EC2 has its instance no more, run pulumi refresh for it, then up: docs/how-to/back-up-etcd.md`,
    tail,
  );
}

function unknown(name: string): never {
  throw new HostProblem(name, "is not in the step's specification");
}

/** The node that the cluster begins with. */
function chosen(context: Context, found: readonly Found[]): Found {
  const { spec, cluster } = context;
  for (const { machine, state } of found) {
    if (state.node?.cluster === cluster || (!state.apiServer && !state.etcd)) continue;
    throw new HostProblem(
      machine.name,
      "serves an API or has data of an etcd, and no record says of which cluster. If you need nothing on the host, run kubeadm reset there",
    );
  }
  const first =
    found.find(({ state }) => state.node?.cluster === cluster && state.node.state === "initialising") ??
    found.find(({ ready }) => ready) ??
    found.find(({ has, state }) => has && isLiving(context, state)) ??
    found.find(({ has }) => has);
  if (first !== undefined) return first;
  const target = spec.node.controlPlane?.backup?.target;
  if (target?.kind === "folder")
    throw new HostProblem(
      "",
      `${spec.snapshot} is in ${target.path} of no control-plane node: copy it there on one of them (${spec.controlPlaneNodes.join(", ")})`,
    );
  return (
    found.find(({ state }) => isLiving(context, state)) ?? found[0] ?? unknown("the first control-plane node")
  );
}

/**
 * On AWS the steps of a control-plane node bring its setup along, and a new instance has had none. A living node keeps what it has: its
 * own step sees to that when the cluster is back.
 */
async function setUp(context: Context, { machine, state }: Found): Promise<void> {
  const { spec } = context;
  if (spec.setup === undefined) return;
  const [first] = spec.controlPlaneNodes;
  if (isLiving(context, state)) {
    const version = state.node?.version;
    // Its setup, which has the programs of another version, comes only after this.
    if (version !== undefined && version !== spec.kubernetesVersion)
      throw new HostProblem(
        machine.name,
        `etcd.restore: the node runs Kubernetes ${version}, but the settings say ${spec.kubernetesVersion}. Nothing was stopped. ` +
          `Set kubernetesVersion: ${version}, restore, and upgrade in another run`,
      );
  } else if (machine.name === first) await ensureSetup(context, machine, spec.setup);
  else if (state.setup === undefined)
    throw new HostProblem(
      machine.name,
      `has ${spec.snapshot}, but is a new instance, and the cluster begins on ${first}: copy the file to the same folder there`,
    );
}

function nodeOn(spec: RestoreSpec, machine: ClusterMachine): RestoreSpec["node"] {
  return { ...spec.node, machine: { ...spec.node.machine, ...machine } };
}

/** Everything that may be wrong with the snapshot is found here, while nothing is stopped. */
async function prepare(context: Context, machine: ClusterMachine): Promise<void> {
  const { spec, hosts, input, cluster, say } = context;
  const files = withValues(filesOfNode(nodeOn(spec, machine), oidcCa(input)), context.values);
  const document = files.find(({ path }) => path === CLUSTER_DOCUMENT);
  if (document === undefined) throw new Error("a control-plane node has kubeadm's documents");
  const name = "fetching the snapshot";
  const script = prepareScript(spec.snapshot, [...files, ...secretFiles(input)]);
  await hosts.job(machine.name, { name, script, timeout: 3_600 });
  const text = await hosts.query(
    machine.name,
    "reading what the snapshot is",
    "/bin/bash -s",
    `cat ${headerFile}\n`,
  );
  const header = JSON.parse(text) as SnapshotHeader;
  const wrong = unsuitable(header, cluster, spec.kubernetesVersion);
  if (wrong !== undefined) throw new HostProblem("", `etcd.restore: ${spec.snapshot} ${wrong}`);
  const missing = missingKeys(header.encryption ?? [], givenKeys(input) ?? []);
  if (missing.length > 0)
    throw new HostProblem(
      "",
      `etcd.restore: Secrets of ${spec.snapshot} are encrypted with ${missing.join(", ")}, which the settings do not have: set encryption ` +
        `as it was at ${header.time}, restore, and rotate the key afterwards`,
    );
  say(
    `${machine.name}: ${spec.snapshot} is of ${header.time}, revision ${header.revision}, ${header.keys} keys: ` +
      `what was changed in the last ${lostSince(header.time, Date.now())} is lost`,
  );
  await hosts.job(machine.name, {
    name: "making etcd's data",
    script: dataScript(spec.snapshot, machine, document, kubernetesBinaries(spec.kubernetesVersion)),
    timeout: 1_800,
  });
}

/** The one that is initialised comes last: until then the cluster answers. */
async function stopAll(context: Context, found: readonly Found[], first: Found): Promise<void> {
  const { spec, hosts, cluster } = context;
  const stop = ({ machine }: Found): Promise<void> =>
    hosts.job(machine.name, {
      name: "stopping the control plane",
      script: stoppedScript(machine, nodeIdentity(nodeOn(spec, machine), spec.fixed, cluster)),
      timeout: 600,
    });
  // A wiped one too: its record still says that it is a node, and others would ask it.
  const known = found.filter(({ state }) => state.node !== undefined);
  await Promise.all(known.filter((one) => one !== first).map(stop));
  if (first.state.node?.state === "joined") await stop(first);
}

async function initialise(context: Context, machine: ClusterMachine): Promise<void> {
  const { spec, hosts, input, cluster } = context;
  const node = nodeOn(spec, machine);
  await hosts.job(machine.name, {
    name: "restoring the cluster",
    script: restoreInitScript(
      spec.kubernetesVersion,
      nodeIdentity(node, spec.fixed, cluster),
      withValues(filesOfNode(node, oidcCa(input)), context.values),
      secretFiles(input),
      platformPart({ ...context, spec: { ...spec, step: "init" } }, machine),
      spec.snapshot,
      {
        reached: reachedPart(node, machine),
        ownNode: restoredNodePart(node.controlPlane ?? {}, machine),
      },
    ),
    timeout: 1_800,
  });
}
