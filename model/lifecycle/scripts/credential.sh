# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: approver_timer join_user join_group hours

systemctl is-active --quiet "$approver_timer" || die "$approver_timer does not run here, so nothing would approve the join: run up with the settings as they were, then add or replace machines"
configuration=$(mktemp /run/pulumi-kubeadm.XXXXXX)
at_exit() { rm -f "$configuration"; }
# etcd elects anew when a member has just been removed, and the API server behind it answers nobody in the meantime.
configuration_now() {
  said=$(kubectl --request-timeout 20s --namespace kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' 2>&1 >"$configuration")
}
wait_for 180 2 configuration_now || die "the API does not give out kubeadm-config: ${said##*$'\n'}"
kubeadm kubeconfig user --config "$configuration" --client-name "$join_user" --org "$join_group" --validity-period "${hours}h"
