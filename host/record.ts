import { ownerOf } from "../model/immutableSettings";
import { RECORD_FILE, SETUP_FILE } from "../model/node/shell";
import type { ClusterMachine } from "../model/machine";
import { HostProblem } from "./problem";
import type { KnownCluster, NodeRecord } from "./protocol";
import type { HostState, LivingValues, SetupMark } from "./state";

/** What a host keeps of itself, in a file each. */
export type RecordName = "node" | "setup";

/** The records in a host's answer. A file that is there and holds no record is unreadable, and not the same as no file. */
export interface Records {
  readonly node: NodeRecord | undefined;
  readonly setup: SetupMark | undefined;
  readonly unreadable: readonly RecordName[];
  /** The answer without them. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** A living node whose record cannot be read, and cannot be made again from what the node says of itself. */
export class RecordUnreadableError extends HostProblem {}

/**
 * Takes the records out of an answer `{"node":...,"setup":...,"machineId":...}`, in which a broken file breaks the JSON.
 */
export function recordsIn(answer: string): Records | undefined {
  const parts = /^\{"node":(.*?),"setup":(.*?),("machineId":.*)$/s.exec(answer);
  const rest = parsed(`{${parts?.[3] ?? ""}`);
  if (parts === null || !isObject(rest)) return undefined;
  const [node, setup] = [parsed(parts[1] ?? ""), parsed(parts[2] ?? "")];
  const unreadable: RecordName[] = [];
  if (node !== null && !isNodeRecord(node)) unreadable.push("node");
  if (setup !== null && !isSetup(setup)) unreadable.push("setup");
  return {
    node: isNodeRecord(node) ? node : undefined,
    setup: isSetup(setup) ? setup : undefined,
    unreadable,
    rest,
  };
}

/** undefined: no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isNodeRecord(value: unknown): value is NodeRecord {
  return (
    isObject(value) &&
    typeof value["cluster"] === "string" &&
    ["initialising", "joining", "joined"].includes(String(value["state"]))
  );
}

function isSetup(value: unknown): value is SetupMark {
  return isObject(value) && typeof value["machine"] === "string" && typeof value["revision"] === "number";
}

/**
 * The record of a living node, made again from the node itself: only where its CA is this cluster's, its kubelet has the certificate
 * of this machine's node, and its role, version and revision are known.
 *
 * @returns why it is not certain, otherwise
 */
export function restored(
  own: ClusterMachine | undefined,
  state: HostState,
  cluster: string,
  spec: KnownCluster,
): NodeRecord | string {
  if (own === undefined) return "the settings do not contain this machine";
  const { living, setup } = state;
  const { clusterId, nodeName, version } = living;
  if (clusterId !== cluster)
    return `its CA (/etc/kubernetes/pki/ca.crt) is ${clusterId === undefined ? "not there" : "not this cluster's"}`;
  if (nodeName !== own.nodeName)
    return `its kubelet has ${nodeName === undefined ? "no certificate that can be read" : `the certificate of node ${nodeName}`}`;
  if ((own.role === "controlPlane") !== (state.apiServer && state.etcd))
    return `it ${state.apiServer || state.etcd ? "serves an API or has an etcd" : "serves no API, or has no etcd"}, but is a ${own.role} in the settings`;
  if (version === undefined) return "its kubelet's version is unknown";
  if (setup?.machine !== own.name) return `${SETUP_FILE} does not contain its revision`;
  return recordOf({ ...own, revision: setup.revision }, living, version, cluster, spec);
}

function recordOf(
  own: ClusterMachine,
  living: LivingValues,
  version: string,
  cluster: string,
  spec: KnownCluster,
): NodeRecord {
  return {
    ...spec.fixed,
    ...living.facts,
    cluster,
    machine: own.name,
    revision: own.revision,
    owner: ownerOf(own),
    version,
    nodeAddress: living.nodeAddress ?? own.nodeAddress,
    // Not that of what is rendered now: the next update brings the node up to date, and writes the record.
    digest: "",
    state: "joined",
  };
}

/** What to do about a record that is not certain. Never a reset: the host may hold the cluster's data. */
export function unreadableRecord(
  machine: string,
  state: HostState,
  why: string,
  known: { readonly cluster: string; readonly spec: KnownCluster } | undefined,
): RecordUnreadableError {
  const signs = [
    ...(state.kubelet ? ["/etc/kubernetes/kubelet.conf is there"] : []),
    ...(state.apiServer ? ["it serves an API or has its manifest"] : []),
    ...(state.etcd ? ["it has an etcd or its data"] : []),
  ];
  const own = known?.spec.machines.find((one) => one.name === machine);
  const line =
    known === undefined || own === undefined
      ? undefined
      : JSON.stringify(
          recordOf(
            own,
            state.living,
            state.living.version ?? known.spec.kubernetesVersion,
            known.cluster,
            known.spec,
          ),
        );
  const write =
    line === undefined
      ? ""
      : `. If you are sure that the host is node ${own?.nodeName} of this cluster, write the line below into the file instead`;
  return new RecordUnreadableError(
    machine,
    `${RECORD_FILE} on it is missing, empty or damaged, and the host is a living node (${signs.join(", ")}). Do not reset the host: only the record is lost. ` +
      `It could not be rebuilt, because ${why}. Restore the file from a backup${write}`,
    line === undefined ? [] : [line],
  );
}
