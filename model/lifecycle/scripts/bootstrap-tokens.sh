# shellcheck shell=bash disable=SC2154

phase "bootstrap tokens"
# kubeadm makes one whether it is wanted or not; nodes join with certificates of hours instead.
kubectl --namespace kube-system delete secrets --ignore-not-found --field-selector type=bootstrap.kubernetes.io/token
