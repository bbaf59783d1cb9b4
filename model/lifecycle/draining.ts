/**
 * Scripts that run on another control-plane node while a node is upgraded: one node at a time is drained, and let in
 * again afterwards.
 */
import { LABEL_DOMAIN } from "../core/labelDomain";
import type { ClusterMachine } from "../machine";
import { prelude, word } from "../node/shell";
import type { NodeSpec } from "./spec";

/**
 * The annotation of a node that was drained for its upgrade, and what is to become of it: `uncordon`, or `stay` where
 * people had cordoned it themselves. It outlives a run that was killed, so that the next one lets the node in again.
 */
export const UPGRADING = `${LABEL_DOMAIN}/upgrading`;

/** A shell function that prints an annotation of the node, or nothing. */
export function annotationOf(machine: ClusterMachine): string {
  return `annotation() { kubectl get node ${word(machine.nodeName)} -o "go-template={{with .metadata.annotations}}{{index . \\"$1\\"}}{{end}}" | sed 's/<no value>//'; }`;
}

/** `kubectl drain` waits for ever when it is given 0. */
function seconds(spec: NodeSpec): number {
  return Math.max(1, spec.drainTimeoutSeconds);
}

function drainCommand(spec: NodeSpec): string {
  const { machine } = spec;
  return `kubectl drain ${word(machine.nodeName)} --ignore-daemonsets --delete-emptydir-data --force --timeout ${seconds(spec)}s`;
}

/** Moves a node's pods away; pods that stay are said, and no error. */
function drain(spec: NodeSpec): string {
  return `${drainCommand(spec)} || note "the drain did not finish within ${spec.drainTimeoutSeconds} s"`;
}

/**
 * Moves the pods of a node that leaves away, for so long as the settings allow; calls the shell's `refuse` where that could
 * not even be tried. Pods that are still there when the time is up, as behind a disruption budget, do not keep the node.
 */
export function cordonAndDrain(spec: NodeSpec): string {
  const { machine } = spec;
  const node = word(machine.nodeName);
  return `  # Whoever finds it refused lets pods come back, unless people had cordoned the node themselves.
  [ "$(kubectl get node ${node} -o 'jsonpath={.spec.unschedulable}')" = true ] || cordoned=yes
  kubectl cordon ${node} || refuse "the node could not be cordoned"
  did "the node was cordoned"
  start=$(date +%s)
  if ! ${drainCommand(spec)}; then
    if [ $(($(date +%s) - start)) -lt ${seconds(spec)} ]; then refuse "the drain failed"; else note "the drain did not finish within ${spec.drainTimeoutSeconds} s"; fi
  fi
  did "its pods were moved away"
`;
}

/** Run on another control-plane node before a node's kubelet is upgraded. */
export function drainScript(spec: NodeSpec): string {
  const { machine } = spec;
  const node = word(machine.nodeName);
  return `${prelude()}
${annotationOf(machine)}
phase "drain ${machine.name}"
if [ -z "$(annotation ${UPGRADING})" ]; then
  after=uncordon
  [ "$(kubectl get node ${node} -o 'jsonpath={.spec.unschedulable}')" != true ] || after=stay
  kubectl annotate --overwrite node ${node} "${UPGRADING}=$after"
fi
${drain(spec)}
`;
}

/** Waits until a node that was drained for its upgrade, by this run or an earlier one, is what it is to be. */
export function readyAgain(spec: NodeSpec): string {
  const { machine } = spec;
  const node = word(machine.nodeName);
  return `after=$(annotation ${UPGRADING})
if [ -n "$after" ]; then
  phase "node ${machine.nodeName} Ready"
  for _ in $(seq 1 120); do
    [ "$(kubectl get node ${node} -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.kubeletVersion}')" = "True v${spec.kubernetesVersion}" ] && ready=yes && break
    sleep 1
  done
  [ "\${ready:-}" = yes ] || die "node ${machine.nodeName} is not Ready with v${spec.kubernetesVersion} two minutes after its kubelet was upgraded; it stays cordoned"
fi
`;
}

/** Lets pods come back to it. */
export function letIn({ machine }: NodeSpec): string {
  const node = word(machine.nodeName);
  return `if [ -n "$after" ]; then
  for _ in 1 2 3; do
    { [ "$after" = stay ] || kubectl uncordon ${node}; } && kubectl annotate node ${node} ${UPGRADING}- && back=yes && break
    sleep 5
  done
  [ "\${back:-}" = yes ] || die "the API did not let pods back to node ${machine.nodeName}; it stays cordoned"
fi
`;
}

/** Run on another control-plane node where a node was drained for a change that was not made, or was put back. */
export function letInScript(spec: NodeSpec): string {
  return `${prelude()}
${annotationOf(spec.machine)}
${readyAgain(spec)}${letIn(spec)}`;
}
