/** What has to hold on a living node after a change. */
import type { ClusterMachine } from "../machine";
import { prelude, word } from "../node/shell";

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
