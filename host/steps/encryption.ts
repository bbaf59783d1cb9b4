import { paths } from "../../model/kubeadm";
import {
  encryptionChange,
  readEncryption,
  reusedNames,
  type EncryptionChange,
  type EncryptionKey,
  type EncryptionStage,
  type NodeEncryption,
} from "../../model/kubeadm/encryption";
import {
  apiServersScript,
  keysScript,
  MARK_LINE,
  readScript,
  rewriteScript,
} from "../../model/lifecycle/encryption";
import type { ClusterMachine } from "../../model/machine";
import { HostProblem } from "../problem";
import type { KnownCluster, StepInput } from "../protocol";
import type { Hosts } from "../runner";
import { readState } from "../state";

/** What of a step's context the change of keys needs. */
export interface EncryptionContext {
  readonly spec: KnownCluster;
  readonly hosts: Hosts;
  readonly input: StepInput;
  readonly cluster: string;
}

/** Control-plane nodes that serve the API, and those that cannot be asked. */
interface Servers {
  readonly members: readonly ClusterMachine[];
  readonly unreachable: readonly HostProblem[];
}

/**
 * Brings the keys of a living cluster to those of the settings, on all control-plane nodes at once, and rewrites the Secrets;
 * nothing happens where they are the same. Each stage ends when every API server has loaded its file, so a run may be cut off
 * anywhere, and the next one goes on.
 */
export async function settleEncryption(
  context: EncryptionContext,
  machine: ClusterMachine,
  member: boolean,
): Promise<void> {
  const { hosts, input } = context;
  const wanted = givenKeys(input);
  if (wanted === undefined) return;
  // Where this node is done, the others' own steps see to the rest; a node that is down is not waited for.
  if (member && encryptionChange([await readKeys(hosts, machine)], wanted) === undefined) return;
  const servers = await serversOf(context);
  const [first] = servers.members;
  if (first === undefined) return;
  const change = await plannedChange(context, servers, wanted);
  if (change === undefined) return;
  await apply(hosts, servers.members, change.read, "keep");
  await apply(hosts, servers.members, change.write, change.rewrite ? "set" : "keep");
  if (change.rewrite)
    await hosts.job(first.name, { name: "rewriting Secrets", script: rewriteScript(), timeout: 3_600 });
  await apply(hosts, servers.members, change.finish, "clear");
}

/**
 * Refuses keys that a living cluster cannot take.
 * @param unreachable machines that were dialled in vain
 */
export async function refuseEncryption(
  context: EncryptionContext,
  unreachable: ReadonlyMap<string, HostProblem>,
): Promise<void> {
  const wanted = givenKeys(context.input);
  if (wanted === undefined) return;
  const servers = await serversOf(context, unreachable);
  if (servers.members.length > 0) await plannedChange(context, servers, wanted);
}

async function apply(
  hosts: Hosts,
  machines: readonly ClusterMachine[],
  { what, keys }: EncryptionStage,
  mark: "set" | "clear" | "keep",
): Promise<void> {
  // To the end on all of them: a node whose file is there and not yet loaded would be treated as one that is done.
  const ends = await Promise.allSettled(
    machines.map((machine) =>
      hosts.job(machine.name, {
        name: "changing encryption keys",
        script: keysScript(machine, what, keys[machine.name] ?? [], mark),
        timeout: 600,
      }),
    ),
  );
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function serversOf(
  { spec, hosts, cluster }: EncryptionContext,
  known: ReadonlyMap<string, HostProblem> = new Map(),
): Promise<Servers> {
  const members: ClusterMachine[] = [];
  const unreachable: HostProblem[] = [];
  for (const machine of spec.machines) {
    if (machine.role !== "controlPlane" || !hosts.has(machine.name)) continue;
    const gone = known.get(machine.name);
    if (gone !== undefined) {
      unreachable.push(gone);
      continue;
    }
    try {
      const { node, kubelet } = await readState(hosts, machine.name, { cluster, spec });
      if (kubelet && node?.cluster === cluster && node.state === "joined") members.push(machine);
    } catch (error) {
      if (!(error instanceof HostProblem)) throw error;
      unreachable.push(error);
    }
  }
  return { members, unreachable };
}

/** @throws HostProblem when the change would leave an API server behind */
async function plannedChange(
  { hosts }: EncryptionContext,
  { members, unreachable }: Servers,
  wanted: readonly EncryptionKey[],
): Promise<EncryptionChange | undefined> {
  const nodes = await Promise.all(members.map((machine) => readKeys(hosts, machine)));
  const change = encryptionChange(nodes, wanted);
  if (change === undefined) return undefined;
  const problem = (text: string): HostProblem => new HostProblem("", `encryption: ${text}`);
  const reused = reusedNames(nodes, wanted);
  if (reused.length > 0)
    throw problem(
      `the key ${reused.join(", ")} differs from the key in use under the same name, and AES-CBC cannot tell them apart. ` +
        "Give the new key a new name, first in encryption.keys",
    );
  if (unreachable.length > 0)
    throw problem(
      "the keys change, and every API server must confirm that. Start the machine, or remove it from the settings and run up without a new key. " +
        unreachable.map((one) => one.report()).join("; "),
    );
  const [asked] = members;
  if (asked === undefined) return undefined;
  const running = await hosts.query(
    asked.name,
    "looking at the API servers",
    "/bin/bash -s",
    apiServersScript(),
  );
  const unknown = running
    .split("\n")
    .filter((node) => node !== "" && !members.some((one) => one.nodeName === node));
  if (unknown.length > 0)
    throw problem(
      `the keys change, but ${unknown.join(", ")} still serves the API but is no longer in the settings: it would keep using the old keys. ` +
        "Run up without a new key first, so that it leaves",
    );
  return change;
}

async function readKeys(hosts: Hosts, machine: ClusterMachine): Promise<NodeEncryption> {
  const text = await hosts.query(machine.name, "reading the encryption keys", "/bin/bash -s", readScript());
  const at = text.lastIndexOf(MARK_LINE);
  const keys = readEncryption(text.slice(0, at));
  if (keys === undefined)
    throw new HostProblem(
      machine.name,
      `${paths.encryption} is missing or was changed by hand, so nobody can tell which keys encrypt Secrets. Restore it from another control-plane node`,
    );
  for (const { secret } of keys) hosts.conceal(secret);
  return { machine: machine.name, keys, pending: text.slice(at).startsWith(`${MARK_LINE}yes`) };
}

/** Keys of the settings, where they come by standard input. */
export function givenKeys(input: StepInput): EncryptionKey[] | undefined {
  const file = input.files.find((one) => one.path === paths.wantedEncryption);
  return file === undefined ? undefined : readEncryption(file.content);
}
