# shellcheck shell=bash disable=SC2154
# Variables: kubernetes_version living_document hop_document

sed "s/^kubernetesVersion: .*/kubernetesVersion: v$kubernetes_version/" "$living_document" >"$hop_document"
