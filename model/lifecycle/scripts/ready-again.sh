# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/node-functions.sh
# Variables: kubernetes_version

after=$(annotation "$upgrading")
if [ -n "$after" ]; then
  phase "node $node Ready"
  ready_and_upgraded() { [ "$(kubectl get node "$node" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.kubeletVersion}')" = "True v$kubernetes_version" ]; }
  retry 120 1 ready_and_upgraded || die "node $node is not Ready with v$kubernetes_version two minutes after its kubelet was upgraded; it stays cordoned"
fi
