# shellcheck shell=bash disable=SC2154,SC2034
# Variables: kubelet_unit member_file

reload_units
systemctl is-enabled --quiet "$kubelet_unit" || systemctl enable --quiet "$kubelet_unit"
if [ -e "$member_file" ]; then
  run_unit "$kubelet_unit"
else
  unmark "$kubelet_unit"
fi
