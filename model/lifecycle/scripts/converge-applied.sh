# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Uses: lifecycle/scripts/keep-copies.sh
# Variables: kubelet_mark

kubelet_files() { { cat /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env 2>/dev/null || true; } | sha256sum; }
# What the kubelet runs with: a run that failed after it had changed the files must not make the next one forget that.
applied() {
  kubelet_files >"$kubelet_mark.tmp"
  replace "$kubelet_mark.tmp" "$kubelet_mark"
}
[ -s "$kubelet_mark" ] || applied
