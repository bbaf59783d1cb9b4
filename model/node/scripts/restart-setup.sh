# shellcheck shell=bash disable=SC2154,SC2034
# Variables: pending_folder link_folder containerd_unit kubelet_unit firewall_unit api_proxy_unit hosts_script sysctl_file

units=$(
  ls "$pending_folder" 2>/dev/null || true
  if is_back "^$link_folder/(containerd|runc)"; then echo "$containerd_unit"; fi
  while read -r path units; do
    if grep -qxF "$path" "$undo/changed"; then tr ' ' '\n' <<<"$units"; fi
    case $path in /etc/systemd/system/*.service) if grep -qxF "$path" "$undo/changed"; then echo "${path##*/}"; fi ;; esac
  done <"$undo/units"
)
touches() { grep -qxF "$1" <<<"$units"; }
if touches firewall-rules; then units+=$'\n'"$firewall_unit"; fi
if touches api-proxy-config; then units+=$'\n'"$api_proxy_unit"; fi
systemctl daemon-reload
if is_back "^$sysctl_file\$"; then sysctl --quiet --load "$sysctl_file" || true; fi
if is_back "^$hosts_script\$" && [ -x "$hosts_script" ]; then "$hosts_script"; fi
# A filter before what is behind it, the runtime before the kubelet.
for unit in "$firewall_unit" "$api_proxy_unit" "$containerd_unit" "$kubelet_unit"; do
  if ! touches "$unit" || ! systemctl cat "$unit" >/dev/null 2>&1; then continue; fi
  echo "restarting $unit"
  systemctl enable --quiet "$unit" || true
  systemctl restart "$unit" || note "$unit does not start"
done
if [ ! -e "/etc/systemd/system/$firewall_unit" ]; then give_back; fi
rm -f "$pending_folder"/*
