# shellcheck shell=bash disable=SC2016,SC2154
# Uses: node/scripts/ready-pods.sh
# Variables: node

# node_ready: what the Node's condition Ready says, by the kubelet's own access to the API. Where it is not Ready, `why` has the reason.
node_ready() {
  why=$(as_kubelet get node "$node" -o go-template='{{range .status.conditions}}{{if eq .type "Ready"}}{{.status}} {{.reason}}: {{.message}}{{end}}{{end}}' 2>&1) || { why="the API does not tell: $(tail -n 1 <<<"$why" | cut -c -400)"; return 1; }
  case $why in
  "True"*) return 0 ;;
  "") why="its kubelet has not said anything yet" ;;
  esac
  why=$(cut -c -400 <<<"${why#* }" | paste -sd ' ')
  return 1
}
