# shellcheck shell=bash disable=SC2016,SC2154
# Variables: node

# A kubelet older than 1.35 says of pods with a readiness probe that they are not ready when it starts, until the probe succeeds (feature gate
# ChangeContainerStatusOnKubeletRestart), and Services leave them out. Where the next node began then, a Service could lose its last pod.

as_kubelet() { kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout 10s "$@"; }
# pods_here: "UID NAMESPACE/NAME STATUS" of each pod that runs here and has the condition Ready.
pods_here() {
  as_kubelet get pods --all-namespaces --field-selector "spec.nodeName=$node,status.phase=Running" \
    -o go-template='{{range .items}}{{$pod := .metadata}}{{if not $pod.deletionTimestamp}}{{range .status.conditions}}{{if eq .type "Ready"}}{{$pod.uid}} {{$pod.namespace}}/{{$pod.name}} {{.status}}{{"\n"}}{{end}}{{end}}{{end}}{{end}}' 2>/dev/null
}
# remember_ready FILE: which pods are ready. The file is empty where the API does not tell.
remember_ready() { { pods_here || true; } | sed -n 's/ True$//p' >"$1"; }
ready_again() {
  local now
  now=$(pods_here) || { unready="(the API does not list them)" ready_times=0; return 1; }
  unready=$(grep -v ' True$' <<<"$now" | cut -d ' ' -f 1,2 | grep -xFf "$1" | cut -d ' ' -f 2 | paste -sd ' ') || true
  if [ -z "$unready" ]; then ready_times=$((ready_times + 1)); else ready_times=0; fi
  # Controllers act on what a kubelet said a moment ago.
  [ "$ready_times" -ge 3 ]
}
# wait_for_ready FILE SECONDS: until the pods of the file that are still there are ready. What is wrong with a pod itself stops nothing.
wait_for_ready() {
  local unready="" ready_times=0
  phase "pods that were ready"
  wait_for "$2" 1 ready_again "$1" || note "these pods were ready before the kubelet of $node restarted, and are not $2 s later: $unready; continuing"
}
