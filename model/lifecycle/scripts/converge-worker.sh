# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: kubeadm upgrade_flags

phase "kubeadm upgrade node"
"$kubeadm" upgrade node "${upgrade_flags[@]}"
