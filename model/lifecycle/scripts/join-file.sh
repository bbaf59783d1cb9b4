#!/usr/bin/env bash
# shellcheck disable=SC2154
# Variables: admin_config discovery_file join_user join_group
# Prelude: path

# Prints a discovery file that is good for one hour and for one node, and the line that joins a prepared host with it.
set -euo pipefail
export KUBECONFIG=$admin_config
node=${1:?"usage: pulumi-kubeadm-join-file NODE (the name that the host gets as a node)"}
[[ $node =~ ^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$ ]] || { echo "NODE must be a DNS name in lower case" >&2; exit 2; }
umask 077
if [ -n "$(kubectl get node "$node" --ignore-not-found -o name)" ]; then
  echo "node $node is in the cluster already; if its host is gone: kubectl delete node $node" >&2
  exit 1
fi
configuration=$(mktemp)
trap 'rm -f "$configuration"' EXIT
kubectl --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' >"$configuration"
echo "# On the host to join, after its setup script: save these lines as $discovery_file (mode 0600), then run"
echo "#   kubeadm join --discovery-file $discovery_file --cri-socket unix:///run/containerd/containerd.sock --node-name $node"
kubeadm kubeconfig user --config "$configuration" --client-name "$join_user$node" --org "$join_group" --validity-period 1h 2>/dev/null
