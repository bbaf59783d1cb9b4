# shellcheck shell=bash disable=SC2016,SC2154
# Variables: node

# etcd elects anew when a member has just joined, and the API server behind it answers nobody in the meantime.
ready_nodes() {
  said=$(kubectl --request-timeout 20s get nodes -o go-template='{{range .items}}{{$name := .metadata.name}}{{range .status.conditions}}{{if eq .type "Ready"}}{{if eq .status "True"}}{{$name}}{{"\n"}}{{end}}{{end}}{{end}}{{end}}' 2>&1)
}
wait_for 180 2 ready_nodes || die "the API does not list the nodes: ${said##*$'\n'}"
grep -vxF "$node" <<<"$said" || true
