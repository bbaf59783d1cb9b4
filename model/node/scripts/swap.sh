# shellcheck shell=bash disable=SC2154,SC2034
# Variables: swap_services

phase swap
if [ -e /etc/fstab ] && grep -qE '^[[:space:]]*[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]]' /etc/fstab; then
  sed -E 's|^([[:space:]]*[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]].*)$|#pulumi-kubeadm# \1|' \
    /etc/fstab >/etc/fstab.pulumi-kubeadm-new
  chmod --reference=/etc/fstab /etc/fstab.pulumi-kubeadm-new
  sync /etc/fstab.pulumi-kubeadm-new
  mv -f /etc/fstab.pulumi-kubeadm-new /etc/fstab
  mark daemon-reload
  echo "commented swap in /etc/fstab"
fi
reload_units
# no_swap UNIT: one that lies in /etc cannot be masked, and is disabled.
no_swap() {
  local list=$state/masked-swap
  if ! systemctl mask --quiet --now "$1" 2>/dev/null; then
    list=$state/disabled-swap
    systemctl disable --quiet --now "$1"
  fi
  grep -qsxF "$1" "$list" || echo "$1" >>"$list"
  sync "$list" "$state"
  echo "turned off $1"
}
# Programs that make swap anew at each boot: they run before its units are there.
for unit in "${swap_services[@]}"; do
  case $(systemctl is-enabled "$unit" 2>/dev/null || true) in enabled* | generated | alias) no_swap "$unit" ;; esac
done
# Partitions found by their type, and zram, come back as units of systemd; others wait in files for the next boot.
while read -r unit; do no_swap "$unit"; done < <({
  systemctl list-units --type=swap --all --plain --no-legend | awk '$2 != "masked" { print $1 }'
  systemctl list-unit-files --type=swap --plain --no-legend | awk '$2 ~ /^enabled/ { print $1 }'
} | sort -u)
if [ "$(wc -l </proc/swaps)" -gt 1 ]; then
  swapoff -a
  if [ "$(wc -l </proc/swaps)" -gt 1 ]; then die "cannot turn off swap: $(awk 'NR > 1 { print $1 }' /proc/swaps)"; fi
fi
