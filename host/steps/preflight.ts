import { joinsPending } from "../../model/kubeadm";
import { preflightScript, type HostReport } from "../../model/node/render";
import { putBackNow } from "../../model/node/undo";
import { packetFilterProblems } from "../../model/packetFilter/judge";
import { intended, putIntendedScript, type Intended } from "../../model/lifecycle/intended";
import { ADMIN, RECORD_FILE } from "../../model/node/shell";
import { searchPath } from "../../model/core/searchPath";
import type { ProbedMachine } from "../../model/probes/pairs";
import type { CheckedMachine } from "../../model/node/spec";
import { atOnce } from "../atOnce";
import { BastionError, ClockSkewError, ConnectionLostError, HostProblem, NoSessionError } from "../problem";
import { RecordUnreadableError } from "../record";
import type { PreflightSpec, StepResult } from "../protocol";
import type { FoundNode } from "../upgradeCheck";
import { betweenProblems } from "./between";
import { refuseBlocked } from "./blocked";
import { waitUntilBooted } from "./booted";
import { refuseEncryption } from "./encryption";
import { hopsOf, isFarBehind } from "./hops";
import { replacementProblems, type LivingControlPlane } from "./replacement";
import { readState, type HostState } from "../state";
import { refuseSkew, type StepContext } from "../step";
import { refuseForgottenRotation, refuseMismatch, refuseOtherIssuer, refuseOtherNode } from "../guard";

interface Finding {
  readonly machine: string;
  readonly state: HostState;
  readonly hostname: string;
}

/** The step with the machines that came by standard input. */
export type LookSpec = Omit<PreflightSpec, "machines"> & { readonly machines: readonly CheckedMachine[] };

/**
 * Looks at every machine before anything is changed on one of them: whether it can be reached, whether it belongs to
 * another cluster, whether two names lead to one host, and whether a living cluster was given other ranges.
 */
export async function preflight(context: StepContext<LookSpec>): Promise<StepResult> {
  const { spec, hosts, operation, input } = context;
  if (input.problems !== undefined) throw new HostProblem("", input.problems);
  const failed: HostProblem[] = [];
  const unreachable = new Map<string, HostProblem>();
  const odd = new Map<string, HostProblem>();
  const isNew = newMachines(context);
  const found = await atOnce(spec.machines, async ({ name: machine, role }) => {
    try {
      if (isNew(machine)) await waitUntilBooted(context, machine);
      return await look(context, machine);
    } catch (error) {
      if (!(error instanceof HostProblem)) throw error;
      // A node that is down must not keep people from changing the others; its own steps say so when it is their turn.
      if (operation === "update" && isDown(error)) {
        context.say(`${machine}: ${error.message}; continuing without it`);
        unreachable.set(machine, error);
        return undefined;
      }
      if (operation === "update" && isOdd(error)) odd.set(machine, error);
      else failed.push(error);
      return undefined;
    } finally {
      if (role === "worker") hosts.leave(machine);
    }
  });
  const present = found.filter((finding) => finding !== undefined);
  failed.push(...(await leaveOut(context, odd, present)));
  const problems = reports(failed);
  problems.push(...duplicates(present, "machine id", (finding) => finding.state.machineId));
  problems.push(...duplicates(present, "host name", (finding) => finding.hostname));
  const wanted = wantedNow(context);
  problems.push(...(await replacementProblems(context, livingControlPlane(context, present), wanted)));
  problems.push(...joinsTooEarly(context, livingControlPlane(context, present), present));
  const way = await wayOf(context, livingControlPlane(context, present));
  problems.push(...way.problems);
  if (problems.length > 0) throw new HostProblem("", problems.join("\n"));
  if (operation === "update") await refuseBlocked(context, foundNodes(context, present), way.through);
  await refuseEncryption(context, unreachable);
  const between = await betweenProblems(context, probedMachines(context, present));
  if (between.length > 0) throw new HostProblem("", between.join("\n"));
  await recordIntended(context, present, wanted);
  hosts.close();
  return { cluster: context.cluster, ...reached(context, present) };
}

/** Nodes of this cluster that were looked at. */
function foundNodes({ spec, cluster }: StepContext<LookSpec>, present: readonly Finding[]): FoundNode[] {
  return present.flatMap(({ machine, state: { node } }) => {
    const own = spec.machines.find((one) => one.name === machine);
    return own !== undefined && node?.state === "joined" && node.cluster === cluster
      ? [{ own, version: node.version }]
      : [];
  });
}

/** Machines that were looked at, in the order of the settings. A balancer of the API serves since it was set up. */
function probedMachines(
  { spec, cluster }: StepContext<LookSpec>,
  present: readonly Finding[],
): ProbedMachine[] {
  const found = new Map(present.map(({ machine, state }) => [machine, state]));
  return spec.machines.flatMap(({ name, role, pool, nodeAddress }) => {
    const state = found.get(name);
    if (state === undefined) return [];
    const joined = state.node?.cluster === cluster && state.node.state === "joined";
    // In the middle of a join: its ports are about to be taken, and an earlier run has asked for them.
    if (!joined && (state.kubelet || state.apiServer || state.etcd)) return [];
    const living = role === "loadBalancer" ? state.setup !== undefined : joined;
    return [{ name, role, pool, nodeAddress, living }];
  });
}

/** A machine at its address: another one behind the name is a new machine. */
function placeOf({ input }: Pick<StepContext<LookSpec>, "input">, machine: string): string {
  return `${machine} ${input.connections[machine]?.host}`;
}

/** Machines that the same program makes and that no run has reached yet. A dead one is waited for once. */
function newMachines(context: StepContext<LookSpec>): (machine: string) => boolean {
  const created = new Set(context.input.created);
  const before = new Set(context.previous?.reached);
  return (machine) => created.has(machine) && !before.has(placeOf(context, machine));
}

function reached(context: StepContext<LookSpec>, present: readonly Finding[]): Pick<StepResult, "reached"> {
  const { input, previous } = context;
  if (input.created === undefined) return {};
  const found = new Set(present.map(({ machine }) => machine));
  const before = new Set(previous?.reached);
  const places = input.created.filter((name) => found.has(name) || before.has(placeOf(context, name)));
  return { reached: places.map((name) => placeOf(context, name)) };
}

/** The bastion's failure once: it is the same for every machine behind it. */
function reports(failed: readonly HostProblem[]): string[] {
  const others = failed.filter((error) => !(error instanceof BastionError)).map((error) => error.report());
  const [first, ...same] = failed.filter((error) => error instanceof BastionError);
  if (first === undefined) return others;
  const names =
    same.length === 0 ? "" : `. The same problem on ${same.map(({ machine }) => machine).join(", ")}`;
  return [`${first.report()}${names}`, ...others];
}

/** A bastion that lets nobody through says nothing of any machine. */
function isDown(error: HostProblem): boolean {
  return /cannot be reached/.test(error.message) && !(error instanceof BastionError);
}

/** What is wrong with one host, and says nothing of the settings: nobody gets in, its clock is off, its record is damaged. */
function isOdd(error: HostProblem): boolean {
  return (
    error instanceof NoSessionError ||
    error instanceof ConnectionLostError ||
    error instanceof ClockSkewError ||
    error instanceof RecordUnreadableError
  );
}

/**
 * One odd worker must not keep people from an urgent change of the others. It is left out where it is a node of this cluster by the
 * word of a control-plane node; its own step fails if the change reaches it. Control-plane nodes and machines that have not joined stay
 * problems: nothing may begin that cannot be finished.
 *
 * @returns what stays a problem
 */
async function leaveOut(
  { spec, hosts, say, cluster }: StepContext<LookSpec>,
  odd: ReadonlyMap<string, HostProblem>,
  present: readonly Finding[],
): Promise<HostProblem[]> {
  const { machines } = spec;
  const plane = new Set(machines.filter((one) => one.role === "controlPlane").map(({ name }) => name));
  const controlPlaneNode = present.find(
    ({ machine, state }) =>
      plane.has(machine) && state.node?.cluster === cluster && state.node.state === "joined",
  );
  if (odd.size === 0 || controlPlaneNode === undefined) return [...odd.values()];
  const { stdout } = await hosts.attempt(
    controlPlaneNode.machine,
    "/bin/bash -s",
    `export PATH="${searchPath}"\nkubectl --kubeconfig ${ADMIN} --request-timeout 20s get nodes -o name\n`,
  );
  const nodes = new Set(stdout.split("\n").map((line) => line.trim().replace(/^node\//, "")));
  return [...odd].flatMap(([name, error]) => {
    const own = machines.find((one) => one.name === name);
    if (own?.role !== "worker" || !nodes.has(own.nodeName)) return [error];
    say(
      `${error.report()}; it is a node of this cluster, so the run continues without it. Its own step fails if the change reaches it`,
    );
    return [];
  });
}

/**
 * The first control-plane node's step brings the others through the versions between. A machine that joins before it would do so with a
 * kubeadm that is two minor versions ahead of the cluster, which kubeadm refuses when a replaced node is gone already.
 */
function joinsTooEarly(
  { spec }: StepContext<LookSpec>,
  living: readonly LivingControlPlane[],
  present: readonly Finding[],
): string[] {
  const { kubernetesVersion, machines } = spec;
  const behind = living.find(({ node }) => isFarBehind(node.version, kubernetesVersion));
  const first = machines.find(
    ({ name, role }) => role === "controlPlane" && present.some(({ machine }) => machine === name),
  );
  if (behind === undefined || first === undefined) return [];
  const own = living.find((one) => one.own.name === first.name);
  if (own !== undefined && own.own.revision <= own.node.revision) return [];
  return [
    new HostProblem(
      first.name,
      `kubernetesVersion: it would join with ${kubernetesVersion} before the control plane, of ${behind.node.version}, goes there. ` +
        "Upgrade the nodes that are there first, in a run without the change of this machine",
    ).report(),
  ];
}

/** Versions that the control plane goes through, which are said, or why it cannot. */
async function wayOf(
  { hosts, spec, say }: StepContext<LookSpec>,
  living: readonly LivingControlPlane[],
): Promise<{ readonly through: readonly string[]; readonly problems: readonly string[] }> {
  const { kubernetesVersion } = spec;
  if (!living.some(({ node }) => isFarBehind(node.version, kubernetesVersion)))
    return { through: [], problems: [] };
  try {
    const hops = await hopsOf(
      { hosts, spec },
      living.map(({ own }) => own),
    );
    if (hops.length > 0)
      say(
        `the control plane goes through Kubernetes ${hops.map(({ version }) => version).join(" and ")} to ${kubernetesVersion}, then the nodes follow at once`,
      );
    return { through: hops.map(({ version }) => version), problems: [] };
  } catch (error) {
    if (error instanceof HostProblem) return { through: [], problems: [error.report()] };
    throw error;
  }
}

/** What the settings say of the machines. */
function wantedNow({ spec, input, cluster }: StepContext<LookSpec>): Intended {
  const hostKeys = Object.fromEntries(
    Object.entries(input.connections).map(([name, { hostKey }]) => [name, hostKey]),
  );
  return intended(cluster, spec.machines, hostKeys, Date.now());
}

/** Control-plane nodes of this cluster that were looked at. */
function livingControlPlane(
  { spec, cluster }: StepContext<LookSpec>,
  present: readonly Finding[],
): LivingControlPlane[] {
  return present.flatMap(({ machine, state: { node } }) => {
    const own = spec.machines.find((one) => one.name === machine);
    return own?.role === "controlPlane" && node?.state === "joined" && node.cluster === cluster
      ? [{ own, node }]
      : [];
  });
}

/** Tells the control-plane nodes what the settings say now; steps of machines that are taken out ask them for it. */
async function recordIntended(
  context: StepContext<LookSpec>,
  present: readonly Finding[],
  wanted: Intended,
): Promise<void> {
  const record = `${JSON.stringify(wanted)}\n`;
  await Promise.all(
    livingControlPlane(context, present).map(({ own }) =>
      context.hosts.query(own.name, "recording what the settings want", putIntendedScript(), record),
    ),
  );
}

async function look(context: StepContext<LookSpec>, machine: string): Promise<Finding> {
  const { hosts, spec, cluster } = context;
  const state = await readState(hosts, machine, { cluster, spec });
  if (state.node && state.unreadable?.includes("node"))
    context.say(`${machine}: ${RECORD_FILE} on it cannot be read; using what the node itself shows`);
  if (state.undo)
    context.say(
      `${machine}: a power cut or a reboot interrupted its last change, and its former files are not back. Its next step puts them back first; ` +
        `to restore them now, run: ${putBackNow}`,
    );
  refuseSkew(machine, state.now);
  const own = spec.machines.find((candidate) => candidate.name === machine);
  if (own) refuseOtherNode(own, state);
  refuseMismatch(machine, state, cluster, spec);
  refuseOtherIssuer(machine, state, spec.issuers);
  refuseForgottenRotation(machine, state, cluster, spec.rotation);
  const joined = state.node !== undefined && state.node.cluster === cluster;
  if (!joined && own) {
    const script = preflightScript(spec.node, own);
    const result = await hosts.attempt(machine, "/bin/bash -s", script);
    const lines = `${result.stdout}\n${result.stderr}`.split("\n").map(hosts.scrub);
    for (const line of lines.filter((one) => one.startsWith("##note ")))
      context.say(`${machine}: ${line.slice("##note ".length)}`);
    const errors = lines
      .filter((line) => line.startsWith("##error "))
      .map((line) => line.slice("##error ".length));
    const filters = packetFilterProblems(spec, own, result.stdout, reportIn(result.stdout).nodeInterface);
    if (spec.node.ignorePreflightErrors.some((name) => name.toLowerCase() === "packetfilter"))
      for (const problem of filters) context.say(`${machine}: ignored: ${problem}`);
    else errors.push(...filters);
    if (errors.length > 0) throw new HostProblem(machine, errors.join("; "));
    if (result.status !== 0)
      throw new HostProblem(machine, `preflight: exit status ${result.status}`, lines.slice(-10));
  }
  if (joined && own?.role === "controlPlane") await tellPending(context, machine);
  const hostname = (await hosts.query(machine, "reading the host name", "hostname")).trim();
  return { machine, state, hostname };
}

/** Says which requests for a node's identity a control-plane node left pending: somebody may be asking for another's name. */
async function tellPending({ hosts, say }: StepContext<LookSpec>, machine: string): Promise<void> {
  const { stdout } = await hosts.attempt(
    machine,
    "/bin/bash -s",
    `cat ${joinsPending}/* 2>/dev/null || true`,
  );
  for (const line of stdout.split("\n").filter(Boolean))
    say(`${machine}: a join request was not approved: ${line}`);
}

/** What the script says of the host; nothing where it ended before. */
function reportIn(output: string): Pick<HostReport, "nodeInterface"> {
  const line = output.split("\n").find((candidate) => candidate.startsWith("##report "));
  return line === undefined
    ? { nodeInterface: "" }
    : (JSON.parse(line.slice("##report ".length)) as HostReport);
}

function duplicates(found: readonly Finding[], what: string, key: (finding: Finding) => string): string[] {
  const groups = new Map<string, string[]>();
  for (const finding of found)
    groups.set(key(finding), [...(groups.get(key(finding)) ?? []), finding.machine]);
  return [...groups]
    .filter(([value, machines]) => value !== "" && machines.length > 1)
    .map(
      ([value, machines]) =>
        `${machines.join(" and ")}: ${machines.length} machines have the same ${what} (${value}): ` +
        `are they the same host, or copies of one image? Every node needs a unique ${what}`,
    );
}
