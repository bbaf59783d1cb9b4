# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/node-functions.sh
# Variables: kubernetes_version

after=$(annotation "$upgrading")
if [ -n "$after" ]; then
  phase "node $node Ready"
  for _ in $(seq 1 120); do
    [ "$(kubectl get node "$node" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.kubeletVersion}')" = "True v$kubernetes_version" ] && ready=yes && break
    sleep 1
  done
  [ "${ready:-}" = yes ] || die "node $node is not Ready with v$kubernetes_version two minutes after its kubelet was upgraded; it stays cordoned"
fi
