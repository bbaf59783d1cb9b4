# shellcheck shell=bash disable=SC2154
# Uses: node/scripts/kubelet-health.sh node/scripts/ready-pods.sh
# Variables: node

# By what the kubelet said since it started, not before.
is_ready() {
  local status at
  read -r status at <<<"$(as_kubelet get node "$node" -o 'jsonpath={range .status.conditions[?(@.type=="Ready")]}{.status} {.lastHeartbeatTime}{end}' 2>/dev/null)"
  [ "$status" = True ] && [ "$(date -d "$at" +%s)" -ge "$kubelet_restarted" ]
}
kubelet_restarts() {
  local before
  before=$(mktemp /run/pulumi-kubeadm.XXXXXX)
  remember_ready "$before"
  phase "restart kubelet"
  kubelet_restarted=$(date +%s)
  systemctl restart kubelet
  wait_for 120 1 kubelet_healthy || die "the kubelet did not become healthy within two minutes of its restart$(kubelet_said)"
  wait_for 120 1 is_ready || die "node $node is not Ready two minutes after its kubelet was restarted, or its kubelet cannot ask the API$(kubelet_said)"
  wait_for_ready "$before" 120
  rm -f "$before"
}
