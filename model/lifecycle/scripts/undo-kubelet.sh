# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: link_folder

if is_back "^(/var/lib/kubelet/|$link_folder/kubelet$)"; then
  echo "restarting kubelet.service"
  systemctl restart kubelet.service || note "kubelet.service does not start"
fi
