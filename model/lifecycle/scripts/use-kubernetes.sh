# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: kubernetes_version binaries link_folder

# Points the commands at one version; a running kubelet is restarted by whoever asks for the switch.
use_kubernetes() {
  local name
  for name in kubeadm kubelet kubectl; do
    [ -x "${binaries[$name]}" ] || die "$name $kubernetes_version is not on this host: its setup did not finish"
    ln -sfn "${binaries[$name]}" "$link_folder/$name"
  done
}
