# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/node-functions.sh lifecycle/scripts/daemons.sh
# Variables: kubernetes_version unready_before well_within check_pod containerd_config

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
  check_image=$(sed -n 's/^ *sandbox = "\(.*\)"$/\1/p' "$containerd_config" | tail -n 1)
  [ -n "$check_image" ] || die "$containerd_config of this host names no image of the pause container, which a pod on node $node would be made of; it stays cordoned"
  name=pulumi-kubeadm-check-$(printf %s "$node" | sha256sum | head -c 10)
  check_pods() { kubectl --namespace kube-system "$1" pod "$name" "${@:2}"; }
  drop_check() { check_pods delete --ignore-not-found --grace-period 0 --force --timeout 60s >/dev/null 2>&1; }
  start_check() {
    drop_check
    printf '%s' "$check_pod" | sed "s|@NAME@|$name|; s|@IMAGE@|$check_image|; s|@NODE@|$node|" | kubectl create -f - 2>&1
  }
  started() { said=$(start_check); }
  retry 30 2 started || die "the API takes no pod for node $node: $said; the node stays cordoned"
  said=$(check_pods wait --for=condition=Ready --timeout "${well_within}s" 2>&1) ||
    {
      said=$(check_pods get -o 'jsonpath={.status.phase} {range .status.conditions[*]}{.message}{" "}{end}{range .status.containerStatuses[*]}{.state.waiting.reason} {.state.waiting.message}{end}' 2>&1)
      drop_check
      die "no pod starts on node $node within $well_within s: ${said%% }; it stays cordoned"
    }
  drop_check || note "the pod $name in kube-system could not be deleted"
fi
