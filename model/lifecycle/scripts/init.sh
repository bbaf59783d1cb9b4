# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: cluster_document

phase "kubeadm init"
kubeadm init --config "$cluster_document" "${mount[@]}" --skip-token-print --skip-certificate-key-print
phase "bootstrap tokens"
# kubeadm makes one whether it is wanted or not; nodes join with certificates of hours instead.
kubectl --namespace kube-system delete secrets --ignore-not-found --field-selector type=bootstrap.kubernetes.io/token
