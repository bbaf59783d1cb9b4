# shellcheck shell=bash disable=SC2154,SC2034
# Variables: member_file units link_folder firewall_table files_list kept_folder install_root cni_bin_folder links state_folder folders found_file

phase cleanup
if [ -e "$member_file" ]; then
  die "the host is still a node ($member_file); it must leave its cluster first"
fi
for unit in "${units[@]}"; do
  if systemctl cat "$unit" >/dev/null 2>&1; then
    systemctl disable --now --quiet "$unit" || note "$unit does not stop"
  fi
done
# Shims outlive containerd, and their containers with them.
remains() { pgrep -f "^$link_folder/containerd-shim-runc-v2 " >/dev/null; }
for try in 1 2 3 4 5; do
  if ! remains; then break; fi
  pkill -f "^$link_folder/containerd-shim-runc-v2 " || true
  sleep "$((try / 2))"
done
awk '$2 ~ "^(/run/containerd/|/var/lib/containerd/|/var/lib/kubelet/|/run/netns/cni-)" { print $2 }' /proc/mounts | sort -r |
  while read -r mounted; do umount -l "$mounted" || note "$mounted stays mounted"; done
if command -v nft >/dev/null && nft list table "$firewall_table" >/dev/null 2>&1; then
  nft delete table "$firewall_table"
fi
if [ -e "$files_list" ]; then
  while read -r path _; do
    rm -f "$path"
    if [ -e "$kept_folder$path" ] || [ -L "$kept_folder$path" ]; then
      mv -f "$kept_folder$path" "$path"
      note "$path is what it was before"
    fi
  done <"$files_list"
fi
for plugin in "$install_root"/cni-plugins/*/bin/*; do
  if cmp -s "$plugin" "$cni_bin_folder/${plugin##*/}"; then rm -f "$cni_bin_folder/${plugin##*/}"; fi
done
for name in "${links[@]}"; do
  case $(readlink "$link_folder/$name" || true) in "$install_root"/*) rm -f "$link_folder/$name" ;; esac
done
if grep -qx '# BEGIN pulumi-kubeadm' /etc/hosts; then
  sed '/^# BEGIN pulumi-kubeadm$/,/^# END pulumi-kubeadm$/d' /etc/hosts >/etc/hosts.pulumi-kubeadm-new
  cat /etc/hosts.pulumi-kubeadm-new >/etc/hosts
  rm -f /etc/hosts.pulumi-kubeadm-new
fi
if [ -e /etc/fstab ] && grep -q '^#pulumi-kubeadm# ' /etc/fstab; then
  sed -i 's/^#pulumi-kubeadm# //' /etc/fstab
fi
if [ -e "$state_folder"/masked-swap ]; then
  while read -r unit; do systemctl unmask --quiet "$unit" || true; done <"$state_folder"/masked-swap
fi
if [ -e "$state_folder"/disabled-swap ]; then
  while read -r unit; do systemctl enable --quiet "$unit" || true; done <"$state_folder"/disabled-swap
fi
# Folders that held something before the first setup are somebody else's, but for what setup put there.
for folder in "${folders[@]}"; do
  if grep -qsxF "$folder" "$found_file"; then
    note "$folder stays: it was there before"
  else
    rm -rf "$folder"
  fi
done
rm -f /etc/systemd/system/{,multi-user.target.wants/}pulumi-kubeadm-undo*.service
rmdir --ignore-fail-on-non-empty /opt/cni /etc/cni /etc/systemd/system/nftables.service.d 2>/dev/null || true
systemctl daemon-reload
systemctl restart systemd-journald.service || true
give_back
if grep -qsxF containerd.service "$found_file"; then
  systemctl enable --now --quiet containerd.service || note "the host's own containerd.service does not start"
fi
rm -rf "$state_folder"
