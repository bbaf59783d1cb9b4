/** Scripts that run on another master while a node is upgraded: one node at a time is drained, and let in again afterwards. */
import type { ClusterMachine } from "../machine";
import { searchPath } from "../core/searchPath";
import { ADMIN, prelude, word } from "./shell";
import type { NodeSpec } from "./spec";

/**
 * The annotation of a node that was drained for its upgrade, and what is to become of it: `uncordon`, or `stay` where
 * people had cordoned it themselves. It outlives a run that was killed, so that the next one lets the node in again.
 */
const UPGRADING = "kubeadm.pulumi.com/upgrading";

/** What the script of a turn says; the last names the machine whose upgrade failed. */
export const TURN = { mine: "##turn mine", waits: "##turn waits", failed: "##turn failed " } as const;
/** What a turn's script is told before its standard input ends, where the upgrade failed. */
export const TURN_FAILED = "failed\n";

const FOLDER = "/run/pulumi-kubeadm";
/** Seconds for which a line may stay away; whoever holds the turn sends empty ones more often. */
const SILENCE = 90;

/** A shell function that prints an annotation of the node, or nothing. */
export function annotationOf(machine: ClusterMachine): string {
  return `annotation() { kubectl get node ${word(machine.nodeName)} -o "go-template={{with .metadata.annotations}}{{index . \\"$1\\"}}{{end}}" | sed 's/<no value>//'; }`;
}

/**
 * Waits for this node's turn to be drained, says so, and keeps the turn for as long as standard input stays open: the
 * kernel gives the lock back when the run that held it is killed. A node that an earlier run left drained goes first, for
 * a minute. When the upgrade that was waited for fails, the turn is refused: one broken node is enough.
 */
export function turnScript(machine: ClusterMachine): string {
  const node = word(machine.nodeName);
  return `set -u
umask 077
export LC_ALL=C PATH="${searchPath}" KUBECONFIG=${ADMIN}
mkdir -p ${FOLDER}
start=$(date +%s)
upgrading() { kubectl get nodes -o 'go-template={{range .items}}{{if index .metadata.annotations "${UPGRADING}"}}{{.metadata.name}}{{"\\n"}}{{end}}{{end}}' 2>/dev/null; }
others_first() { local all; all=$(upgrading) && [ -n "$all" ] && ! grep -qxF ${node} <<<"$all"; }
exec 9>${FOLDER}/turn.lock
for _ in $(seq 30); do
  flock -n 9 || break
  others_first || break
  flock -u 9
  sleep 2
done
flock -n 9 || { echo "${TURN.waits}"; flock 9; }
if [ -s ${FOLDER}/turn.failed ] && read -r when who <${FOLDER}/turn.failed && [ "$when" -ge "$start" ]; then
  echo "${TURN.failed}$who"
  exit 0
fi
echo "${TURN.mine}"
while read -r -t ${SILENCE} said; do
  [ "$said" != failed ] || echo "$(date +%s) "${word(machine.name)} >${FOLDER}/turn.failed
done
exit 0
`;
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
  start=$(date +%s)
  if ! ${drainCommand(spec)}; then
    if [ $(($(date +%s) - start)) -lt ${seconds(spec)} ]; then refuse "the drain failed"; else note "the drain did not finish within ${spec.drainTimeoutSeconds} s"; fi
  fi
`;
}

/** Run on another master before a node's kubelet is upgraded. */
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

/** Lets pods come back to a node that was drained for its upgrade, by this run or an earlier one, once it is what it is to be. */
export function letIn(spec: NodeSpec): string {
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
  [ "$after" = stay ] || kubectl uncordon ${node}
  kubectl annotate node ${node} ${UPGRADING}-
fi
`;
}
