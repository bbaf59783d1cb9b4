# shellcheck shell=bash disable=SC2154
# Variables: pod

kubectl --namespace kube-system --request-timeout 20s delete pod "$pod" --ignore-not-found --wait=false >/dev/null
