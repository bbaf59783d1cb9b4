# shellcheck shell=bash disable=SC2154
# Variables: node_name cluster_document

phase "Node $node_name of this instance"
own_node() { [ "$(kubectl get node "$node_name" -o 'jsonpath={.spec.providerID}' 2>/dev/null)" = "aws:///$zone/$instance" ]; }
if ! own_node; then
  former=$(kubectl get node "$node_name" --ignore-not-found -o 'jsonpath={.spec.providerID}')
  note "the snapshot has $node_name as ${former:-no instance}; it registers anew as $instance"
  kubectl delete node "$node_name" --ignore-not-found --timeout 60s
  # It registers only when it starts.
  systemctl restart kubelet
  retry 120 1 own_node || die "node $node_name did not register as $instance within two minutes"
  # What kubeadm has given the Node that is gone.
  kubeadm init phase upload-config kubelet --config "$cluster_document"
  kubeadm init phase mark-control-plane --config "$cluster_document"
fi
