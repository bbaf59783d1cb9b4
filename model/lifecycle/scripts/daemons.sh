# shellcheck shell=bash disable=SC2016,SC2154
# Variables: node

# unready_daemons: DaemonSets, as namespace/name, whose pods on the node are not ready, a line each.
unready_daemons() {
  kubectl get pods --all-namespaces --field-selector "spec.nodeName=$node" -o 'go-template={{range .items}}{{$pod := .}}{{$ready := false}}{{range .status.conditions}}{{if and (eq .type "Ready") (eq .status "True")}}{{$ready = true}}{{end}}{{end}}{{if .metadata.deletionTimestamp}}{{$ready = true}}{{end}}{{if not $ready}}{{range .metadata.ownerReferences}}{{if eq .kind "DaemonSet"}}{{$pod.metadata.namespace}}/{{.name}}{{"\n"}}{{end}}{{end}}{{end}}{{end}}'
}
