/** Scripts that run on a control-plane node that stays, while another machine leaves. */
import { DEREGISTRATION_WAIT, deregistrationProgram } from "../aws/node/deregistration";
import { KUBELET_PORT } from "../network/ports";
import type { ClusterMachine } from "../machine";
import { nodeVariables } from "./draining";
import { deadMembers, type EtcdMember } from "../node/etcd";
import { prelude } from "../node/shell";
import { lifecycleScript } from "./scripts";
import type { NodeSpec } from "./spec";

/** Seconds without a renewed lease after which a kubelet is silent; it renews every 10 (kubelet nodeLeaseDurationSeconds, 40, by four). */
const SILENT = 60;
/** Seconds for which a lease is watched at least. */
const WATCHED = 20;

export interface Removal {
  /** The host was logged on to and is the node: its pods are moved away. */
  readonly alive: boolean;
  /** Dead members of machines that leave as well (`departure`). */
  readonly first?: readonly EtcdMember[];
  /** What is refused or fails is said, and the removal goes on: an explicit word. */
  readonly insist?: boolean;
}

/** How the script begins the line that says how far it had come when it failed. */
export const DONE_BEFORE = "done before that: ";

/**
 * Drains a node within bounds, takes its member out of etcd and deletes it. Everything that is refused or fails ends the
 * script, so that nothing is reset on the host that leaves.
 */
export function removeNodeScript(spec: NodeSpec, removal: Removal): string {
  const { machine } = spec;
  const { alive, first = [], insist = false } = removal;
  return `${prelude()}${lifecycleScript("remove-node", {
    ...nodeVariables(machine),
    machine: machine.name,
    node_address: machine.nodeAddress,
    alive,
    insist,
    control_plane: machine.role === "controlPlane",
    // Of a lost instance the balancers know by themselves; the one at its address is another, which must stay there.
    balancer_program:
      spec.controlPlane === undefined || !alive ? "" : deregistrationProgram(spec.controlPlane),
    dead_members: machine.role === "controlPlane" ? deadMembers(first) : [],
    drain_timeout: spec.drainTimeoutSeconds,
    done_before: DONE_BEFORE,
  })}`;
}

/** Seconds that the script may take. */
export function removeNodeTimeout({ drainTimeoutSeconds, controlPlane }: NodeSpec): number {
  const balanced = (controlPlane?.aws?.targetGroups ?? []).length > 0;
  return drainTimeoutSeconds + 300 + (balanced ? DEREGISTRATION_WAIT : 0);
}

/**
 * Prints `##alive REASON` when a machine that nobody can log in to still runs: its kubelet renews its lease, or
 * something answers where its kubelet or etcd listens. Changes nothing.
 * @param shared another machine of the settings has the address by now, so that an answer there says nothing
 */
export function aliveScript(machine: ClusterMachine, shared: boolean): string {
  const ports = shared ? [] : [KUBELET_PORT, ...(machine.role === "controlPlane" ? [2380] : [])];
  return `${prelude()}${lifecycleScript("alive", {
    node: machine.nodeName,
    node_address: machine.nodeAddress,
    ports: ports.map(String),
    watched: WATCHED,
    silent: SILENT,
  })}`;
}
