import type { ClusterSettings } from "../settings/resolved";
import { kubeletConfigurationOf } from "./kubeletFacts";

/**
 * Turns swap off, now and for the next boot, unless the kubelet is told to live with it (`failSwapOn: false`). What is
 * masked and commented is remembered for cleanup.
 */
export function swapPhase(settings: ClusterSettings): string {
  if (kubeletConfigurationOf(settings).failSwapOn === false) {
    return `
phase swap
echo "left as it is: the kubelet's failSwapOn is false"
`;
  }
  return `
phase swap
if [ -e /etc/fstab ] && grep -qE '^[[:space:]]*[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]]' /etc/fstab; then
  sed -E 's|^([[:space:]]*[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]].*)$|#pulumi-kubeadm# \\1|' \\
    /etc/fstab >/etc/fstab.pulumi-kubeadm-new
  chmod --reference=/etc/fstab /etc/fstab.pulumi-kubeadm-new
  mv -f /etc/fstab.pulumi-kubeadm-new /etc/fstab
  mark daemon-reload
  echo "commented swap in /etc/fstab"
fi
reload_units
# Partitions found by their type, and zram, come back as units of systemd.
while read -r unit; do
  grep -qsxF "$unit" "$state/masked-swap" || echo "$unit" >>"$state/masked-swap"
  systemctl mask --quiet --now "$unit"
  echo "masked $unit"
done < <(systemctl list-units --type=swap --all --plain --no-legend | awk '$2 != "masked" { print $1 }')
if [ "$(wc -l </proc/swaps)" -gt 1 ]; then
  swapoff -a
  if [ "$(wc -l </proc/swaps)" -gt 1 ]; then die "swap cannot be turned off: $(awk 'NR > 1 { print $1 }' /proc/swaps)"; fi
fi
`;
}
