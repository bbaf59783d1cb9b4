# shellcheck shell=bash
# Uses: rotation/scripts/trust-in.sh rotation/scripts/kubelet-restarts.sh

trust_in /etc/kubernetes/kubelet.conf
kubelet_restarts
