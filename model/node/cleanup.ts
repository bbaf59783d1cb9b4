import { shWords } from "../text";
import { blockBegin, blockEnd } from "./hosts";
import {
  apiProxyUnit,
  cniBinFolder,
  components,
  configFolder,
  filesList,
  firewallUnit,
  installRoot,
  linkFolder,
  kubeletConfigFile,
  stateFolder,
} from "./paths";
import { firewallTable, giveBack } from "./firewall";
import { foundFile, keptFolder, prelude } from "./prelude";

const units = ["kubelet.service", apiProxyUnit, "containerd.service", firewallUnit];

/** What setup and its services leave behind, besides the files it put there and kept a list of. */
const folders = [
  "/etc/containerd",
  "/var/lib/containerd",
  "/run/containerd",
  // Made by containerd itself (its plugin io.containerd.internal.v1.opt).
  "/opt/containerd",
  cniBinFolder,
  "/etc/cni/net.d",
  "/var/lib/cni",
  configFolder,
  installRoot,
  "/etc/systemd/system/containerd.service.d",
  "/etc/systemd/system/kubelet.service.d",
  "/etc/systemd/logind.conf.d/99-kubelet.conf",
];

/**
 * Takes back what setup did; packages stay, and so do kernel parameters until the next boot. It refuses on a node:
 * kubeadm reset, which node step's removal runs, comes first.
 */
export function cleanupScript(): string {
  const links = Object.values(components).flatMap(({ links, nodeLinks = [] }) => [...links, ...nodeLinks]);
  return `${prelude("Takes back what node setup did on this host.")}
phase cleanup
if [ -e ${kubeletConfigFile} ]; then
  die "the host is still a node (${kubeletConfigFile}); it must leave its cluster first"
fi
for unit in ${units.join(" ")}; do
  if systemctl cat "$unit" >/dev/null 2>&1; then
    systemctl disable --now --quiet "$unit" || note "$unit does not stop"
  fi
done
# Shims outlive containerd, and their containers with them.
remains() { pgrep -f '^${linkFolder}/containerd-shim-runc-v2 ' >/dev/null; }
for try in 1 2 3 4 5; do
  if ! remains; then break; fi
  pkill -f '^${linkFolder}/containerd-shim-runc-v2 ' || true
  sleep "$((try / 2))"
done
awk '$2 ~ "^(/run/containerd/|/var/lib/containerd/|/var/lib/kubelet/|/run/netns/cni-)" { print $2 }' /proc/mounts | sort -r |
  while read -r mounted; do umount -l "$mounted" || note "$mounted stays mounted"; done
if command -v nft >/dev/null && nft list table ${firewallTable} >/dev/null 2>&1; then
  nft delete table ${firewallTable}
fi
if [ -e ${filesList} ]; then
  while read -r path _; do
    rm -f "$path"
    if [ -e "${keptFolder}$path" ] || [ -L "${keptFolder}$path" ]; then
      mv -f "${keptFolder}$path" "$path"
      note "$path is what it was before"
    fi
  done <${filesList}
fi
for plugin in ${installRoot}/cni-plugins/*/bin/*; do
  if cmp -s "$plugin" "${cniBinFolder}/\${plugin##*/}"; then rm -f "${cniBinFolder}/\${plugin##*/}"; fi
done
for name in ${shWords(links)}; do
  case $(readlink "${linkFolder}/$name" || true) in ${installRoot}/*) rm -f "${linkFolder}/$name" ;; esac
done
if grep -qx '${blockBegin}' /etc/hosts; then
  sed '/^${blockBegin}$/,/^${blockEnd}$/d' /etc/hosts >/etc/hosts.pulumi-kubeadm-new
  cat /etc/hosts.pulumi-kubeadm-new >/etc/hosts
  rm -f /etc/hosts.pulumi-kubeadm-new
fi
if [ -e /etc/fstab ] && grep -q '^#pulumi-kubeadm# ' /etc/fstab; then
  sed -i 's/^#pulumi-kubeadm# //' /etc/fstab
fi
if [ -e ${stateFolder}/masked-swap ]; then
  while read -r unit; do systemctl unmask --quiet "$unit" || true; done <${stateFolder}/masked-swap
fi
if [ -e ${stateFolder}/disabled-swap ]; then
  while read -r unit; do systemctl enable --quiet "$unit" || true; done <${stateFolder}/disabled-swap
fi
# Folders that held something before the first setup are somebody else's, but for what setup put there.
for folder in ${shWords(folders)}; do
  if grep -qsxF "$folder" ${foundFile}; then
    note "$folder stays: it was there before"
  else
    rm -rf "$folder"
  fi
done
rmdir --ignore-fail-on-non-empty /opt/cni /etc/cni /etc/systemd/system/nftables.service.d 2>/dev/null || true
systemctl daemon-reload
systemctl restart systemd-journald.service || true
${giveBack()}if grep -qsxF containerd.service ${foundFile}; then
  systemctl enable --now --quiet containerd.service || note "the host's own containerd.service does not start"
fi
rm -rf ${stateFolder}
`;
}

/** Notes before the first setup what of the folders is somebody else's; an earlier version's setups noted nothing. */
export function rememberFound(): string {
  return `if [ ! -e ${foundFile} ]; then
  {
    if [ ! -s ${filesList} ]; then
      for folder in ${shWords(folders)}; do
        if [ -n "$(ls -A "$folder" 2>/dev/null || true)" ]; then echo "$folder"; fi
      done
      if systemctl is-active --quiet containerd.service; then echo containerd.service; fi
    fi
  } >${foundFile}
fi
`;
}
