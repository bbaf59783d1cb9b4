# shellcheck shell=bash disable=SC2154,SC2317
# Uses: rotation/scripts/key-of.sh rotation/scripts/running-pods.sh
# Variables: key_id

# A kubelet that was restarted asks for new tokens of all its pods. They are there when each names the new key.
phase "tokens of running pods"
old=""
signed_by_another() { is_token "$1" && [ "$(key_of <"$1")" != "$key_id" ]; }
renewed() { old=$(pods_with signed_by_another) && [ -z "$old" ]; }
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
at_exit() { rm -rf "$work"; }
wait_for 300 2 renewed || die "pods still have tokens that the old service-account key signed:$old. Delete these pods and run up again"
rm -rf "$work"
at_exit() { :; }
