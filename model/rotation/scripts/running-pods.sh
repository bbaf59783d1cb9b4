# shellcheck shell=bash disable=SC2154,SC2317
# Variables: node

# pods_with COMMAND: names of the pods that run here and have a projected file for which COMMAND, given its path, succeeds. Of pods that
# ended, files stay for a while.
pods_with() {
  local uid name file
  kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout 20s get pods --all-namespaces --field-selector "spec.nodeName=$node,status.phase=Running" \
    -o go-template='{{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.uid}} {{.metadata.namespace}}/{{.metadata.name}}{{"\n"}}{{end}}{{end}}' >"$work/pods" 2>/dev/null || return 1
  while read -r uid name; do
    for file in "/var/lib/kubelet/pods/$uid/volumes/kubernetes.io~projected"/*/*; do
      if [ -f "$file" ] && "$1" "$file"; then printf ' %s' "$name"; fi
    done
  done <"$work/pods"
}
