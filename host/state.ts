import { stateScript } from "../model/lifecycle/state";
import type { ImmutableSettings } from "../model/immutableSettings";
import type { ManagerPolicies } from "../model/kubeadm/managers";
import { HostProblem } from "./problem";
import type { KnownCluster, NodeRecord } from "./protocol";
import { type RecordName, recordsIn, restored, unreadableRecord } from "./record";
import type { Hosts } from "./runner";

export interface SetupMark {
  readonly machine: string;
  readonly revision: number;
  readonly digest: string;
}

/** What a living node runs with by its own files, for records that do not have it; empty on a host that is not a node. */
export interface LivingValues {
  readonly facts: Partial<ImmutableSettings>;
  /** undefined: not found. */
  readonly nodeAddress?: string;
  /** SHA-256 of the first cluster CA's certificate: the cluster's identity, where the host knows it. */
  readonly clusterId?: string;
  /** SHA-256 of /etc/kubernetes/pki/ca.crt, which another CA takes the place of in a rotation. */
  readonly authority?: string;
  /** The last rotation that reached the host, or has begun there: its name, and the last phase that the host ended. */
  readonly rotation?: { readonly name: string; readonly phase: string };
  /** The node that the kubelet's certificate is for. */
  readonly nodeName?: string;
  /** Version of the linked kubelet. */
  readonly version?: string;
  /**
   * Version of the API server, by its manifest: newer than the kubelet where an upgrade stopped in between. Where a change was cut off, the
   * one that it gets back.
   */
  readonly apiServer?: string;
  /** Policies of what the kubelet has handed out; those that are not found are not there. */
  readonly managers: Partial<ManagerPolicies>;
  /** Issuers of service-account tokens, the one of new tokens first; empty but on a control-plane node. */
  readonly issuers: readonly string[];
}

/** What a host is in, read in one go. */
export interface HostState {
  readonly node: NodeRecord | undefined;
  readonly setup: SetupMark | undefined;
  readonly machineId: string;
  /** /etc/kubernetes/kubelet.conf is there: the host is a node of some cluster. */
  readonly kubelet: boolean;
  /** The manifest of an API server is there, or something listens on 6443. */
  readonly apiServer: boolean;
  /** etcd has data, or something listens on 2379. */
  readonly etcd: boolean;
  /** Seconds since 1970 by the host's clock. */
  readonly now: number;
  /** A change was cut off, and its former files are kept. Default false. */
  readonly undo?: boolean;
  readonly living: LivingValues;
  /** Files that are there and hold no record; `node` may have been made again nevertheless. Default: none. */
  readonly unreadable?: readonly RecordName[];
}

/** Cluster that the host should be a node of, for a record that has to be made again. */
export interface Known {
  readonly cluster: string;
  readonly spec: KnownCluster;
}

/**
 * Reads a host's state; it changes nothing. A living node whose record cannot be read has the one that the node itself shows, where
 * that is certain.
 *
 * @throws RecordUnreadableError where it is not
 */
export async function readState(hosts: Hosts, machine: string, known?: Known): Promise<HostState> {
  const text = await hosts.query(machine, "reading the host's state", "/bin/bash -s", stateScript());
  const lines = text.split("\n");
  const line = lines.find((candidate) => candidate.startsWith("##state "));
  if (!line) throw new Error(`${machine}: no state in: ${text}`);
  const records = recordsIn(line.slice("##state ".length));
  if (records === undefined)
    throw new HostProblem(machine, "cannot read its state: the answer is incomplete", [line]);
  const { rest, node, setup, unreadable } = records;
  const raw = rest as unknown as Pick<HostState, "machineId" | "kubelet" | "apiServer" | "etcd" | "now">;
  const state: HostState = {
    ...raw,
    node,
    setup,
    unreadable,
    apiServer: raw.apiServer || lines.includes("##listens 6443"),
    etcd: raw.etcd || lines.includes("##listens 2379"),
    undo: lines.includes("##undo"),
    living: livingValues(lines),
  };
  // On a host that is not a node, the record of a join that was cut off is as good as none.
  if (!unreadable.includes("node") || !(state.kubelet || state.apiServer || state.etcd)) return state;
  const own = known?.spec.machines.find((one) => one.name === machine);
  const found =
    known === undefined
      ? "this step has no record of its node"
      : restored(own, state, known.cluster, known.spec);
  if (typeof found === "string") throw unreadableRecord(machine, state, found, known);
  return { ...state, node: found };
}

function livingValues(lines: readonly string[]): LivingValues {
  const found = lines.flatMap((line) => {
    const [, name, value] = /^##living (\w+) (.+)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value: value.trim() }];
  });
  const one = (name: string): string | undefined => found.find((line) => line.name === name)?.value;
  const mask = one("nodeCidrMaskSize");
  const facts = {
    clusterDomain: one("clusterDomain"),
    cgroupDriver: one("cgroupDriver"),
    nodeCidrMaskSize: mask === undefined ? undefined : Number(mask),
    cni: one("cni"),
  };
  const values = ["nodeAddress", "clusterId", "nodeName", "version", "apiServer"].flatMap((name) => {
    const value = name === "clusterId" ? (one("rotation_cluster") ?? one(name)) : one(name);
    return value === undefined ? [] : [[name, value]];
  });
  const authority = one("clusterId");
  const rotation = one("rotation_rotation");
  return {
    facts: Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)),
    ...(Object.fromEntries(values) as Partial<LivingValues>),
    ...(authority === undefined ? {} : { authority }),
    ...(rotation === undefined ? {} : { rotation: { name: rotation, phase: one("rotation_phase") ?? "" } }),
    managers: Object.fromEntries(
      (["cpu", "memory"] as const).flatMap((manager) => {
        const policy = one(`${manager}Manager`);
        return policy === undefined ? [] : [[manager, policy]];
      }),
    ),
    issuers: found.filter((line) => line.name === "issuer").map((line) => line.value),
  };
}
