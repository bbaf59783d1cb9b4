# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: cluster_document

phase "kubeadm init"
kubeadm init --config "$cluster_document" "${mount[@]}" --skip-token-print --skip-certificate-key-print
