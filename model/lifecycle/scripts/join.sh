# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: join_document

phase "kubeadm join"
kubeadm join --config "$join_document" "${mount[@]}"
