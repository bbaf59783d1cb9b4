/** The order in which living nodes take a change that restarts their runtime or their kubelet. */
import { createHash } from "node:crypto";
import { searchPath } from "../core/searchPath";
import type { ClusterMachine } from "../machine";
import type { RolloutSettings } from "../settings/resolved";
import { ADMIN, prelude, word } from "./shell";

/** What the script of a slot says; the last names the machine whose change failed. */
export const SLOT = { mine: "##slot mine", waits: "##slot waits", failed: "##slot failed " } as const;
/** What it is told before its standard input ends, where the change failed. */
export const SLOT_FAILED = "failed\n";

const FOLDER = "/run/pulumi-kubeadm";
/** Which run failed, and at which machine. */
const FAILED = `${FOLDER}/rollout.failed`;
/** Seconds for which a line may stay away; whoever holds a slot sends empty ones more often. */
const SILENCE = 90;

/** As shell arithmetic over `$total` workers: a number, or a share that is rounded down; one at least. */
function slotsOf(maxUnavailable: RolloutSettings["maxUnavailable"]): string {
  const percent = /^(\d+)%$/.exec(String(maxUnavailable))?.[1];
  return percent === undefined ? String(maxUnavailable) : `total * ${percent} / 100`;
}

/**
 * Run on a control-plane node: waits until this machine may be changed, says so, and keeps the slot for as long as standard
 * input stays open. Control-plane nodes have one slot, workers as many as the settings let. The kernel gives a slot back when the
 * run that held it is killed. Once a change of this run has failed, no other machine gets a slot.
 * @param run the same for all steps of one run of Pulumi
 */
export function slotScript(machine: ClusterMachine, run: string, rollout: RolloutSettings): string {
  const id = createHash("sha256").update(run).digest("hex").slice(0, 16);
  const count =
    machine.role === "controlPlane"
      ? "slots=1"
      : `total=$(kubectl get nodes --selector '!node-role.kubernetes.io/control-plane' -o name 2>/dev/null | wc -l)
slots=$((${slotsOf(rollout.maxUnavailable)}))
[ "$slots" -ge 1 ] || slots=1`;
  return `set -u
umask 077
export LC_ALL=C KUBECONFIG=${ADMIN} PATH="${searchPath}"
mkdir -p ${FOLDER}
refused() {
  local of who
  [ -s ${FAILED} ] && read -r of who <${FAILED} && [ "$of" = ${id} ] || return 1
  echo "${SLOT.failed}$who"
}
${count}
told=""
while :; do
  ! refused || exit 0
  for slot in $(seq 1 "$slots"); do
    exec 9>"${FOLDER}/rollout.${machine.role}.$slot"
    ! flock -n 9 || break 2
  done
  [ -n "$told" ] || echo "${SLOT.waits}"
  told=yes
  sleep 1
done
! refused || exit 0
echo "${SLOT.mine}"
while read -r -t ${SILENCE} said; do
  [ "$said" != failed ] || echo ${id} ${word(machine.name)} >${FAILED}
done
exit 0
`;
}

/** Seconds in a row for which a node has to be well, and for which it is given. */
const WELL_FOR = 5;
const WELL_WITHIN = 120;

/**
 * Run on a node after its runtime or kubelet was restarted: the runtime says that it and the pod network are ready, the kubelet
 * is healthy, a pod starts, and the Node is Ready. A runtime whose configuration it takes, and that starts no pod, is found by the last.
 */
export function wellScript(machine: ClusterMachine): string {
  return `${prelude()}
phase "runtime and kubelet"
condition() { crictl info 2>/dev/null | tr -d ' \\n' | grep -o '{[^{}]*"type":"'"$1"'"[^{}]*}' | grep -F '"status":true' >/dev/null; }
well=0
missing=""
for _ in $(seq 1 ${WELL_WITHIN}); do
  missing=""
  condition RuntimeReady || missing="the container runtime is not ready"
  [ -n "$missing" ] || condition NetworkReady || missing="the pod network is not ready"
  [ -n "$missing" ] || curl --silent --fail --max-time 2 http://127.0.0.1:10248/healthz >/dev/null || missing="the kubelet is not healthy"
  if [ -z "$missing" ]; then well=$((well + 1)); else well=0; fi
  [ "$well" -lt ${WELL_FOR} ] || break
  sleep 1
done
[ "$well" -ge ${WELL_FOR} ] || die "\${missing:-it does not stay well} ${WELL_WITHIN} s after the change of ${machine.name}"
phase "a pod starts"
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
pod=""
finish() {
  [ -z "$pod" ] || { crictl stopp "$pod" && crictl rmp "$pod"; } >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT
# On the host's own network: it is the runtime that is asked, and not the CNI.
printf '{"metadata":{"name":"pulumi-kubeadm-check","namespace":"kube-system","uid":"pulumi-kubeadm-check-%s"},"linux":{"security_context":{"namespace_options":{"network":2}}}}\\n' "$$" >"$work/pod.json"
pod=$(timeout 60 crictl runp "$work/pod.json" 2>"$work/said") || die "the container runtime of ${machine.name} starts no pod after the change: $(tail -n 3 "$work/said" | paste -sd ' ')"
finish
trap - EXIT
${readyHere(machine)}`;
}

/** The node is Ready, by its kubelet's own access to the API. */
function readyHere(machine: ClusterMachine): string {
  const status = (field: string): string =>
    `kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout 10s get node ${word(machine.nodeName)} -o 'jsonpath={.status.conditions[?(@.type=="Ready")].${field}}'`;
  return `phase "node ${machine.nodeName} Ready"
# The API server of a node that is repaired by its change may still be on its way up.
ready=""
until=$((SECONDS + ${WELL_WITHIN}))
while [ -z "$ready" ] && [ "$SECONDS" -lt "$until" ]; do
  if [ "$(${status("status")} 2>/dev/null)" = True ]; then ready=yes; else sleep 1; fi
done
[ -n "$ready" ] || die "node ${machine.nodeName} is not Ready ${WELL_WITHIN} s after its change: $(${status("message")} 2>&1 || true)"
`;
}
