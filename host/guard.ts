import { changedFacts, fixedFacts } from "../model/fixedFacts";
import { upgradeProblem } from "../model/versions";
import type { ClusterSettings } from "../model/settings/resolved";
import { HostProblem } from "./problem";
import type { HostState } from "./state";

/**
 * Refuses a host that is a node of something else, and settings that a living cluster cannot take.
 * @throws HostProblem naming the setting, the living value and the one given.
 */
export function refuseOtherFacts(
  machine: string,
  state: HostState,
  cluster: string,
  settings: ClusterSettings,
): void {
  if (state.member && state.member.cluster !== cluster)
    throw new HostProblem(
      machine,
      `is a node of another cluster (it joined as ${state.member.machine}, its cluster's CA is ${state.member.cluster.slice(0, 16)}…). ` +
        `Remove it there first, or run kubeadm reset and delete /var/lib/pulumi-kubeadm on it`,
    );
  if (!state.member && state.kubelet)
    throw new HostProblem(
      machine,
      "is a node of a cluster that this library did not make (/etc/kubernetes/kubelet.conf is there). Run kubeadm reset on it if that cluster is not wanted any more",
    );
  if (!state.member) return;
  const changed = changedFacts(state.member, fixedFacts(settings));
  const upgrade = upgradeProblem(state.member.version, settings.kubernetesVersion);
  if (upgrade !== undefined) changed.push(`kubernetesVersion: ${upgrade}`);
  if (changed.length > 0) throw new HostProblem(machine, changed.join("; "));
}
