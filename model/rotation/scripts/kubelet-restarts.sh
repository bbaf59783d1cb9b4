# shellcheck shell=bash disable=SC2154
# Variables: node

is_ready() { [ "$(kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout 10s get node "$node" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ]; }
kubelet_healthy() { curl --silent --fail --max-time 2 http://127.0.0.1:10248/healthz >/dev/null; }
kubelet_restarts() {
  phase "restart kubelet"
  systemctl restart kubelet
  wait_for 120 1 kubelet_healthy || die "the kubelet did not become healthy within two minutes of its restart"
  wait_for 120 1 is_ready || die "node $node is not Ready two minutes after its kubelet was restarted, or its kubelet cannot ask the API"
}
