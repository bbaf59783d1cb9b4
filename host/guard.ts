import { immutableChanges } from "../model/immutableSettings";
import { changedIssuer } from "../model/kubeadm/issuer";
import { compareVersions, upgradeProblem } from "../model/versions";
import type { ClusterMachine } from "../model/machine";
import { HostProblem } from "./problem";
import { sha256 } from "../model/core/hash";
import { paths } from "../model/kubeadm";
import type { KnownCluster, SecretFile } from "./protocol";
import { unreadableRecord } from "./record";
import type { HostState } from "./state";

/**
 * Refuses a host that is a node of something else, and settings that a living cluster cannot take.
 * @throws HostProblem naming the setting, the living value and the one given.
 */
export function refuseMismatch(machine: string, state: HostState, cluster: string, spec: KnownCluster): void {
  if (state.node && state.node.cluster !== cluster)
    throw new HostProblem(
      machine,
      `is a node of another cluster (it joined as ${state.node.machine}, its cluster's CA is ${state.node.cluster.slice(0, 16)}…). ` +
        `Remove it from that cluster first, or run kubeadm reset and delete /var/lib/pulumi-kubeadm on the host`,
    );
  if (!state.node && state.kubelet && state.living.clusterId === cluster)
    throw unreadableRecord(machine, state, "the file is missing: did somebody join the host by hand?", {
      cluster,
      spec,
    });
  if (!state.node && state.kubelet)
    throw new HostProblem(
      machine,
      "is a node of a cluster that this library did not create (/etc/kubernetes/kubelet.conf exists). If you no longer need that cluster, run kubeadm reset on the host",
    );
  if (!state.node) return;
  // A record of an older release lacks values; what the node runs with has them.
  const changed = immutableChanges({ ...state.living.facts, ...state.node }, spec.fixed);
  const own = spec.machines.find((one) => one.name === machine);
  if (own) changed.push(...changedAddress(own, state));
  const upgrade =
    upgradeProblem(state.node.version, spec.kubernetesVersion) ?? wayBackwards(state, spec.kubernetesVersion);
  if (upgrade !== undefined) changed.push(`kubernetesVersion: ${upgrade}`);
  if (changed.length > 0) throw new HostProblem(machine, changed.join("; "));
}

/**
 * A control plane on its way over several minor versions is newer than its kubelets, and than the record of its nodes. kubeadm would take it
 * back by a minor version.
 */
function wayBackwards({ living }: HostState, wanted: string): string | undefined {
  if (living.apiServer === undefined || compareVersions(wanted, living.apiServer) >= 0) return undefined;
  return (
    `an upgrade has brought the API server to ${living.apiServer}, and it cannot go back to ${wanted}. ` +
    `Choose ${living.apiServer}, or the version that the upgrade was for`
  );
}

/** Kubelet, etcd and certificates of a node keep the address that it joined with, whatever its neighbours are told. */
function changedAddress(own: ClusterMachine, { node, living }: HostState): string[] {
  if (node?.state !== "joined" || node.machine !== own.name || own.revision > node.revision) return [];
  const address = node.nodeAddress ?? living.nodeAddress;
  if (address === undefined || address === own.nodeAddress) return [];
  return [
    `machines.${own.name}.nodeAddress: the node joined with ${address}, but the settings say ${own.nodeAddress}. ` +
      `A node keeps its address: set it back, or raise machines.${own.name}.revision to ${node.revision + 1}, ` +
      "so that the node is drained, removed, and joins again with the new address",
  ];
}

/** Refuses a living node under another name, or in another role. */
export function refuseOtherNode(own: ClusterMachine, state: HostState): void {
  const { node } = state;
  if (node?.state !== "joined" || !state.kubelet) return;
  if (node.machine !== own.name)
    throw new HostProblem(
      own.name,
      `is the node ${node.machine} of this cluster; a node's name cannot change. Remove ${node.machine} from the settings, run up, and add ${own.name}`,
    );
  const [role] = node.owner.split("/");
  if (role !== own.role)
    throw new HostProblem(
      own.name,
      `is a ${role} of this cluster and cannot change into a ${own.role}. Remove it from the settings, run up, and add it again`,
    );
}

/** Refuses a change after which tokens of running pods are not accepted any more. */
export function refuseOtherIssuer(machine: string, state: HostState, issuers: readonly string[]): void {
  if (state.node?.state !== "joined") return;
  const problem = changedIssuer(state.living.issuers, issuers);
  if (problem !== undefined) throw new HostProblem(machine, problem);
}

/**
 * Refuses another value of `certificates.rotation` in the middle of a rotation: with the former name no step differs from the state, so
 * none would run and bring the hosts back. After a rotation it refuses the first CAs, which no node trusts any more.
 * @param rotation the value of `certificates.rotation`
 */
export function refuseForgottenRotation(
  machine: string,
  { node, living }: HostState,
  cluster: string,
  rotation: string | undefined,
): void {
  if (node?.state !== "joined") return;
  const last = living.rotation;
  if (last !== undefined && last.phase !== "finished" && last.name !== rotation)
    throw new HostProblem(
      machine,
      `certificates.rotation is ${rotation ?? "missing"}, but the rotation ${last.name} is not finished (the last phase on this host: ${last.phase}). ` +
        `Set certificates.rotation: ${last.name} and run up, which finishes it. Then choose another name`,
    );
  const isPlane = node.owner.startsWith("controlPlane");
  const { authority } = living;
  if (rotation !== undefined || !isPlane || authority === undefined || authority === cluster) return;
  throw new HostProblem(
    machine,
    "certificates.rotation is missing, but " +
      (last === undefined
        ? "this node's cluster CA is not the stack's first one. A cluster that was created with a name needs it: it is the last word of " +
          `openssl x509 -noout -subject -in ${paths.pki}/ca.crt on this machine. `
        : `the cluster's certificates were rotated, and its nodes no longer trust the first CA. Set certificates.rotation: ${last.name}. `) +
      "To rotate again, set a new name",
  );
}

/**
 * Refuses to write other CAs over those of a living control-plane node: only a rotation can, on all nodes in its order.
 * @param files what the step gives the node
 */
export function refuseOtherAuthority(
  machine: string,
  { node, living }: HostState,
  files: readonly SecretFile[],
): void {
  const given = files.find(({ path }) => path === `${paths.pki}/ca.crt`);
  if (given === undefined || node?.state !== "joined" || living.authority === undefined) return;
  if (sha256(given.content.trim()) === living.authority) return;
  throw new HostProblem(
    machine,
    "has another cluster CA than the stack: a rotation has not reached it, or is not finished. Run up without --target; a changed etcd.restore and a new certificates.rotation need two runs, the unfinished one first",
  );
}
