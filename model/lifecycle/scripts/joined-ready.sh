# shellcheck shell=bash disable=SC2016,SC2154
# Uses: node/scripts/kubelet-health.sh node/scripts/node-ready.sh
# Variables: node ready_within others

# pods_on_host: "NAMESPACE/NAME READY REASON..." of each pod here that uses the host's network, as those of a CNI do.
pods_on_host() {
  as_kubelet get pods --all-namespaces --field-selector "spec.nodeName=$node" \
    -o go-template='{{range .items}}{{if .spec.hostNetwork}}{{.metadata.namespace}}/{{.metadata.name}}{{range .status.conditions}}{{if eq .type "Ready"}} {{.status}}{{end}}{{end}}{{range .status.initContainerStatuses}}{{with .state.waiting}} {{.reason}}{{end}}{{end}}{{range .status.containerStatuses}}{{with .state.waiting}} {{.reason}}{{end}}{{end}}{{"\n"}}{{end}}{{end}}' 2>/dev/null
}
# said_of_pods: which of them are not ready, as a sentence; or, since the CNI's may be missing, which there are.
said_of_pods() {
  local all unready
  all=$(pods_on_host) || return 0
  unready=$(grep -vE '^[^ ]+ True( |$)' <<<"$all" | sed -e 's/ False//' | paste -sd ',' | sed -e 's/,/, /g') || true
  if [ -n "$unready" ]; then
    printf '. Not ready on it: %s' "$unready"
  else
    printf '. The only pods on its host network, all ready: %s' "$(cut -d ' ' -f 1 <<<"$all" | paste -sd ',' | sed -e 's/,/, /g')"
  fi
}
phase "node $node Ready"
told=""
# A pod network takes some seconds; what takes longer is worth a line.
ready_yet() {
  if node_ready; then return 0; fi
  if [ "$SECONDS" -ge 30 ] && [ "$why" != "$told" ]; then
    note "node $node is not Ready yet: $why"
    told=$why
  fi
  return 1
}
if ! wait_for "$ready_within" 2 ready_yet; then
  kubelet_healthy || why+=". Its kubelet is not healthy$(kubelet_said)"
  die "node $node has joined, and after $ready_within s is not Ready, while others are ($others): ${why%.}$(said_of_pods). Most often the CNI's pod does not start there. Repair that and run up again: the node does not join a second time, and up waits for it again"
fi
