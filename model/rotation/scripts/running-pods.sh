# shellcheck shell=bash disable=SC2154,SC2317
# Variables: node

# running_pods: uid, namespace and name of the pods that run here, a pod in a line. Of those that ended, files stay for a while.
running_pods() {
  kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout 20s get pods --all-namespaces --field-selector "spec.nodeName=$node,status.phase=Running" \
    -o go-template='{{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.uid}} {{.metadata.namespace}}/{{.metadata.name}}{{"\n"}}{{end}}{{end}}' 2>/dev/null
}
