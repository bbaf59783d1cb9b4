# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/node-functions.sh lifecycle/scripts/daemons.sh lifecycle/scripts/check-pod.sh
# Variables: kubernetes_version unready_before

after=$(annotation "$upgrading")
if [ -n "$after" ]; then
  phase "node $node Ready"
  ready_and_upgraded() { [ "$(kubectl get node "$node" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.kubeletVersion}')" = "True v$kubernetes_version" ]; }
  retry 120 1 ready_and_upgraded || die "node $node is not Ready with v$kubernetes_version two minutes after its kubelet was upgraded; it stays cordoned"
  phase "pods of DaemonSets on $node"
  before=$(annotation "$unready_before")
  daemons_ready() {
    local all
    all=$(unready_daemons) || { unready="(the API does not list them)"; return 1; }
    unready=$(grep -vxF "${before:-none}" <<<"$all" | sort -u | paste -sd ' ') || true
    [ -z "$unready" ]
  }
  retry "$well_within" 1 daemons_ready || die "on node $node pods of these DaemonSets are not ready $well_within s after the node: $unready; the node stays cordoned"
  phase "a pod is scheduled to $node"
  # What keeps pods away, but for the cordon: the conditions of the kubelet.
  not_pressed() {
    local keys
    keys=$(kubectl get node "$node" -o 'jsonpath={range .spec.taints[*]}{.key}{"\n"}{end}') || { taints="(the API does not tell)"; return 1; }
    taints=$(grep '^node\.kubernetes\.io/' <<<"$keys" | grep -vxF node.kubernetes.io/unschedulable | sort -u | paste -sd ' ') || true
    [ -z "$taints" ]
  }
  retry "$well_within" 1 not_pressed || die "node $node keeps pods away by the taints $taints; it stays cordoned"
  run_check || die "$said; the node stays cordoned"
  drop_check || note "the pod $check_name in kube-system could not be deleted"
fi
