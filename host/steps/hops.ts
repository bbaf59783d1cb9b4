/** A control plane goes to another version one minor at a time, and its kubelets at once. */
import { setTimeout as delay } from "node:timers/promises";
import {
  controlPlaneVersions,
  fetchScript,
  gateScript,
  hopScript,
  objectScript,
  printedObject,
  versionsScript,
  type ControlPlaneVersions,
} from "../../model/lifecycle/hops";
import { expectedBetweenHops, hopFindings } from "../../model/doctor/hop";
import { hopRefusals } from "../../model/flags/hops";
import type { ImmutableSettings } from "../../model/immutableSettings";
import { compareVersions, hopsBetween, hopsTo, minorNumber, type Hop } from "../../model/versions";
import type { NodeSpec } from "../../model/lifecycle/spec";
import type { ClusterMachine } from "../../model/machine";
import type { GivenHops } from "../../model/settings/resolved";
import type { ClusterContext } from "../controlPlane";
import { HostProblem } from "../problem";
import type { Hosts } from "../runner";
import { lookAtCluster } from "../clusterLook";
import { readState } from "../state";
import { putBackFirst } from "./wayBack";

/** How hosts are asked and changed on the way. */
type HopHosts = Pick<Hosts, "query" | "job">;

/** What the way to another version is found from. */
export interface HopContext {
  readonly hosts: HopHosts;
  readonly say: (line: string) => void;
  /**
   * Versions that it may go through. Default: those of the settings and those that the library knows. The specification does not have the
   * library's: a newer patch of one would change it without need.
   */
  readonly hops?: readonly Hop[];
  readonly spec: {
    readonly kubernetesVersion: string;
    readonly through?: GivenHops;
    readonly fixed: ImmutableSettings;
    readonly node: Pick<NodeSpec, "ignorePreflightErrors" | "controlPlane" | "network">;
    readonly machines: readonly ClusterMachine[];
  };
}

/** How long the doctor may find something, which may come right by itself; how often it looks. Milliseconds. */
const PATIENCE = { within: 300_000, pause: 5_000 };

type WayContext = Pick<HopContext, "hosts" | "hops"> & {
  readonly spec: Pick<HopContext["spec"], "kubernetesVersion" | "through">;
};

/**
 * What the control plane goes through before its nodes get the version of the settings.
 * @param nodes control-plane nodes that have joined
 * @throws HostProblem when a version between is missing, or lacks a flag that the living cluster has
 */
export async function hopsOf(context: WayContext, nodes: readonly ClusterMachine[]): Promise<readonly Hop[]> {
  return wayFrom(context, nodes, await versionsOfAll(context, nodes));
}

function versionsOfAll(
  { hosts }: Pick<HopContext, "hosts">,
  nodes: readonly ClusterMachine[],
): Promise<ControlPlaneVersions[]> {
  return Promise.all(nodes.map((node) => versionsOn(hosts, node.name)));
}

function wayFrom(
  { spec: { kubernetesVersion, through }, hops: known = hopsTo(kubernetesVersion, through) }: WayContext,
  [first]: readonly ClusterMachine[],
  found: readonly ControlPlaneVersions[],
): readonly Hop[] {
  const oldest = found.map(({ apiServer }) => apiServer).sort(compareVersions)[0];
  if (first === undefined || oldest === undefined) return [];
  const hops = hopsBetween(oldest, kubernetesVersion, known);
  if (typeof hops === "string") throw new HostProblem(first.name, `kubernetesVersion: ${hops}`);
  const refusals = hops.flatMap(({ version }) => hopRefusals(found[0]?.configuration ?? "", version));
  if (refusals.length > 0) throw new HostProblem(first.name, `kubernetesVersion: ${refusals.join("; ")}`);
  return hops;
}

async function versionsOn(hosts: HopHosts, node: string): Promise<ControlPlaneVersions> {
  const said = await hosts.query(
    node,
    "reading the control plane's version",
    "/bin/bash -s",
    versionsScript(),
  );
  const versions = controlPlaneVersions(said);
  if (versions === undefined)
    throw new HostProblem(node, "the version of its API server cannot be read", said.split("\n"));
  return versions;
}

/** Whether a node may have to wait for a control plane that goes through other versions: an API server is never older than its kubelet. */
export function isFarBehind(version: string, wanted: string): boolean {
  return minorNumber(wanted) - minorNumber(version) > 1;
}

/**
 * Before a control-plane node gets the version of the settings. The first one's step does it for all of them, since no API server may be
 * more than a minor version ahead of another.
 */
export async function hopBefore(context: HopContext & ClusterContext, from: string): Promise<void> {
  const { hosts, spec, cluster } = context;
  if (!isFarBehind(from, spec.kubernetesVersion)) return;
  const plane = spec.machines.filter(({ role }) => role === "controlPlane");
  const states = await Promise.all(
    plane.map(async (machine) => ({
      machine,
      state: await readState(hosts, machine.name, { cluster, spec }),
    })),
  );
  // A node that was cut off in a version has a part of it: by its manifest alone it would be passed over.
  for (const { machine, state } of states) if (state.undo === true) await putBackFirst(context, machine);
  await hop(
    context,
    states.flatMap(({ machine, state: { node } }) =>
      node?.cluster === cluster && node.state === "joined" ? [machine] : [],
    ),
    { kubelet: from },
  );
}

/**
 * The doctor's judgements of the cluster, by what a control-plane node sees.
 * @throws HostProblem with what it finds and what cures it
 */
async function askDoctor(
  { hosts, spec: { fixed, node } }: HopContext,
  asked: ClusterMachine,
  version: string,
  { within, pause }: typeof PATIENCE,
): Promise<void> {
  const expectation = {
    cluster: "",
    fixed,
    dnsAddress: node.network.dnsServiceAddress,
    version,
  };
  const get = async (path: string): Promise<unknown> =>
    printedObject(
      await hosts.query(asked.name, "looking at the cluster", "/bin/bash -s", objectScript(asked, path)),
    );
  const until = Date.now() + within;
  for (;;) {
    const findings = hopFindings(expectation, await lookAtCluster(get, expectedBetweenHops(expectation)));
    if (findings.length === 0) return;
    if (Date.now() >= until)
      throw new HostProblem(
        asked.name,
        `the control plane does not go on to another version: ${findings.map(({ what, cure }) => `${what} (${cure})`).join("; ")}`,
      );
    await delay(pause);
  }
}

/**
 * Brings all control-plane nodes through the versions between; nothing where there are none. A run that was cut off goes on where it was, and
 * passes the gate at which an earlier one was stopped.
 * @param nodes control-plane nodes that have joined
 * @param options how long the doctor may find something, and the kubelet's version of the node that is to be upgraded, by which an earlier run's hops are known
 */
export async function hop(
  context: HopContext,
  nodes: readonly ClusterMachine[],
  { patience = PATIENCE, kubelet }: { readonly patience?: typeof PATIENCE; readonly kubelet?: string } = {},
): Promise<void> {
  const found = await versionsOfAll(context, nodes);
  const hops = wayFrom(context, nodes, found);
  const gate = async (version: string): Promise<void> => {
    const [first] = nodes;
    if (first !== undefined) await askDoctor(context, first, version, patience);
    for (const node of nodes) {
      const script = gateScript(node, version);
      await context.hosts.job(node.name, {
        name: `checking the control plane${version === "" ? "" : ` of ${version}`}`,
        script,
        timeout: 900,
      });
    }
  };
  try {
    if (hops.length > 0) await goThrough(context, nodes, hops, gate);
    else {
      const { kubernetesVersion } = context.spec;
      const wasBrought = kubelet !== undefined && isFarBehind(kubelet, kubernetesVersion);
      const between = wasBrought ? lastBetween(found, kubernetesVersion) : undefined;
      if (between !== undefined) await gate(between);
    }
  } catch (error) {
    throw await staying(context, nodes, error);
  }
}

/** The version between at which all nodes are that an earlier run brought there: the next one is that of the settings. */
function lastBetween(found: readonly ControlPlaneVersions[], wanted: string): string | undefined {
  const [version, ...others] = new Set(found.map(({ apiServer }) => apiServer));
  return version !== undefined && others.length === 0 && minorNumber(version) < minorNumber(wanted)
    ? version
    : undefined;
}

async function goThrough(
  { hosts, say, spec }: HopContext,
  nodes: readonly ClusterMachine[],
  hops: readonly Hop[],
  gate: (version: string) => Promise<void>,
): Promise<void> {
  // A version whose kubeadm cannot be had must not be found out halfway.
  const names = hops.map(({ version }) => version).join(" and ");
  for (const node of nodes)
    await hosts.job(node.name, {
      name: `downloading kubeadm ${names}`,
      script: fetchScript(hops, spec.node),
      timeout: 1_200,
    });
  await gate("");
  for (const [index, one] of hops.entries()) {
    const { version } = one;
    say(
      `the control plane goes through Kubernetes ${version} (${index + 1} of ${hops.length}) on its way to ${spec.kubernetesVersion}; kubelets stay as they are until then`,
    );
    for (const node of nodes) {
      const { apiServer } = await versionsOn(hosts, node.name);
      // A run that was cut off may have brought it there.
      if (compareVersions(apiServer, version) >= 0) continue;
      await hosts.job(node.name, {
        name: `bringing the control plane to ${version}`,
        script: hopScript(node, one, spec.node),
        timeout: 3_600,
      });
    }
    await gate(version);
  }
}

/** The error with the versions at which the control plane stays: its nodes' kubelets, and the settings, have others. */
async function staying(
  context: HopContext,
  nodes: readonly ClusterMachine[],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof HostProblem)) return error;
  const found = await versionsOfAll(context, nodes).catch(() => undefined);
  if (found === undefined) return error;
  const byVersion = new Map<string, string[]>();
  for (const [index, { apiServer }] of found.entries())
    byVersion.set(apiServer, [...(byVersion.get(apiServer) ?? []), nodes[index]?.name ?? ""]);
  const where = [...byVersion]
    .map(([version, names]) => (byVersion.size === 1 ? version : `${version} (${names.join(", ")})`))
    .join(" and ");
  return new HostProblem(
    error.machine,
    `${error.message}. The API servers stay at Kubernetes ${where}. Mend what is named and run up again: it goes on from there to ${context.spec.kubernetesVersion}`,
    error.tail,
  );
}
