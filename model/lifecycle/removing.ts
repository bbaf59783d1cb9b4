/** Scripts that run on a control-plane node that stays, while another machine leaves. */
import { KUBELET_PORT } from "../network/ports";
import type { ClusterMachine } from "../machine";
import { cordonAndDrain } from "./draining";
import { deleteNode } from "./nodes";
import { deadOut, etcdFunctions, memberIds, removeMemberFunction, type EtcdMember } from "../node/etcd";
import { prelude, word } from "../node/shell";
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
  const node = word(machine.nodeName);
  const { alive, first = [], insist = false } = removal;
  const isControlPlane = machine.role === "controlPlane";
  return `${prelude()}
cordoned="" happened=""
did() { happened="$happened\${happened:+, }$1"; }
far() { [ "$?" -eq 0 ] || echo "##error ${DONE_BEFORE}\${happened:-nothing}"; }
trap far EXIT
uncordon() { if [ -n "$cordoned" ] && kubectl uncordon ${node}; then did "the node was uncordoned again"; fi; }
refuse() { ${insist ? `note "$1; continuing anyway"` : `uncordon; die "$1"`}; }
node=$(kubectl get node ${node} --ignore-not-found -o name) || refuse "the API did not answer"
${isControlPlane ? etcdFunctions() + removeMemberFunction() + deadOut(first) : ""}
if [ -n "$node" ]; then
  phase ${word(`${alive ? "drain" : "cordon"} ${machine.name}`)}
${alive ? cordonAndDrain(spec) : `  kubectl cordon ${node} || refuse "the node could not be cordoned"\n`}fi
${isControlPlane ? ownMember(machine) : ""}
phase ${word(`delete node ${machine.name}`)}
${deleteNode(machine)} || refuse "the Node could not be deleted"
`;
}

function ownMember(machine: ClusterMachine): string {
  return `phase ${word(`etcd member ${machine.name}`)}
if ! find_etcd || ! list=$(etcdctl member list); then
  refuse "etcd does not answer"
else
  mapfile -t ids < <(${memberIds(machine)} <<<"$list")
  for id in "\${ids[@]}"; do remove_member "$id" ${word(machine.name)}; done
  # A node whose etcd is out has no API server any more: it is for no pods, and the next run goes on from here.
  cordoned=""
fi
`;
}

/**
 * Prints `##alive REASON` when a machine that nobody can log on to lives nevertheless: its kubelet renews its lease, or
 * something answers where its kubelet or etcd listens. Changes nothing.
 * @param shared another machine of the settings has the address by now, so that an answer there says nothing
 */
export function aliveScript(machine: ClusterMachine, shared: boolean): string {
  const lease = `kubectl --namespace kube-node-lease get lease ${word(machine.nodeName)} --ignore-not-found -o 'jsonpath={.spec.renewTime}'`;
  const ports = [KUBELET_PORT, ...(machine.role === "controlPlane" ? [2380] : [])];
  const dial = `answers() {
  timeout 3 bash -c "exec 3<>/dev/tcp/${machine.nodeAddress}/$1" 2>/dev/null || return 0
  echo "##alive port $1 of ${machine.nodeAddress} answers"
  exit 0
}
${ports.map((port) => `answers ${port}\n`).join("")}`;
  return `${prelude()}
${shared ? "" : dial}lease() { ${lease}; }
first=$(lease) || die "the API did not answer"
[ -n "$first" ] || exit 0
start=$(date +%s) renewed=$(date -d "$first" +%s)
while now=$(date +%s); [ $((now - start)) -lt ${WATCHED} ] || [ $((now - renewed)) -lt ${SILENT} ]; do
  sleep 2
  again=$(lease) || die "the API did not answer"
  if [ "$again" != "$first" ]; then echo "##alive its kubelet renewed its lease at $again"; exit 0; fi
done
`;
}
