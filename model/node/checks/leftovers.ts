import { CNI_TRACES } from "../../cni";
import { stateFolder } from "../paths";

/** What CNIs and Kubernetes call their interfaces; a name that ends in `*` is a beginning. */
const INTERFACES: readonly string[] = [
  ...CNI_TRACES.flatMap(({ interfaces }) => interfaces),
  // Of what the library does not install.
  "cbr0",
  "kube-ipvs0",
  "kube-bridge",
  "nodelocaldns",
  "antrea-gw0",
  "ovn-k8s-mp0",
];

/** Programs and maps of eBPF that a CNI pinned. */
const PINS = CNI_TRACES.flatMap(({ pins = [] }) => pins);

/** Units that run another Kubernetes on the host. */
const DISTRIBUTIONS = [
  "k3s",
  "k3s-agent",
  "rke2-server",
  "rke2-agent",
  "k0scontroller",
  "k0sworker",
  "snap.microk8s.daemon-kubelite",
] as const;

/**
 * What another cluster left on a host. `kubeadm reset` keeps the CNI's configuration and its interfaces
 * (its own last words say so). containerd takes the first file of /etc/cni/net.d by name, and a bridge keeps the address it has.
 */
export function leftoverChecks(): string {
  return `
check_leftovers() {
  local file link unit files=() links=()
  for file in /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist /etc/cni/net.d/*.json; do
    if [ -e "$file" ]; then files+=("$file"); fi
  done
  if [ "\${#files[@]}" -gt 0 ]; then
    refuse cniconfig "/etc/cni/net.d holds the network of another cluster or container engine, and containerd takes the first file by name: remove it with: rm -f \${files[*]} (CniConfig)"
  fi
  if command -v ip >/dev/null; then
    while read -r link; do
      case $link in
        ${INTERFACES.join(" | ")}) links+=("$link") ;;
        # The kernel keeps this one while its module is loaded.
        tunl0) if [ -n "$(ip -o address show dev tunl0)" ]; then links+=(tunl0); fi ;;
      esac
    done < <(ip -o link show | sed -n 's/^[0-9]*: \\([^:@]*\\)[:@].*/\\1/p')
  fi
  if [ "\${#links[@]}" -gt 0 ]; then
    refuse cnilinks "interfaces of another cluster are left, and pods would get its addresses: \${links[*]}: remove each with: ip link delete NAME (tunl0: ip address flush dev tunl0), or reboot the host (CniLinks)"
  fi
  for file in ${PINS.join(" ")}; do
    if [ -e "$file" ]; then
      refuse cnipins "$file is left of another cluster's network: remove it with: rm -rf $file, or reboot the host (CniPins)"
      break
    fi
  done
  for unit in ${DISTRIBUTIONS.join(" ")}; do
    if systemctl is-active --quiet "$unit.service"; then
      refuse otherkubernetes "$unit.service runs another Kubernetes on this host: uninstall it first (OtherKubernetes)"
    fi
  done
}
`;
}

/** A file of ours from an earlier, unfinished setup is no leftover of others. */
export const ourFile = `our_file() { grep -qsE "^$1( |$)" ${stateFolder}/files; }\n`;
