import { CNI_TRACES } from "../cni";
import { INTENDED_FILE } from "./intended";
import { JOIN_FILE_COMMAND, KUBELET_FILES } from "./parts";
import { forgetUndo } from "../node/undo";
import { RECORD_FILE, STATE_DIR, prelude } from "../node/shell";

/** Interfaces, as sed's regular expression; the last two are kube-proxy's and the node-local cache's. */
const LINKS = [...CNI_TRACES.flatMap(({ interfaces }) => interfaces), "kube-ipvs0", "nodelocaldns"]
  .map((name) => name.replaceAll(".", "\\.").replace("*", "[^:@]*"))
  .join("\\|");
const TABLES = ["kube-proxy", ...CNI_TRACES.flatMap(({ nftTables }) => nftTables)].join("|");
const RULES = ["KUBE-", ...CNI_TRACES.flatMap(({ iptables }) => iptables)].join("|");
const FOLDERS = CNI_TRACES.flatMap(({ folders }) => folders).join(" ");

/** Takes a host out of its cluster: what kubeadm, the kubelet and the CNI left on it. Setup's own files stay. */
export function resetScript(podCidr: string): string {
  return `${prelude()}
# First: a boot in the middle must not put a node back that is on its way out.
${forgetUndo}sync ${STATE_DIR} 2>/dev/null || true
phase "kubeadm reset"
if command -v kubeadm >/dev/null; then
  # The member of etcd was removed by a control-plane node that stays, or there is none left to ask.
  timeout 120 kubeadm reset --force --skip-phases remove-etcd-member --cri-socket unix:///run/containerd/containerd.sock || note "kubeadm reset did not finish, going on by hand"
fi
systemctl stop kubelet 2>/dev/null || true
phase "pods"
if command -v crictl >/dev/null && systemctl is-active --quiet containerd; then
  crictl pods --quiet | xargs -r timeout 60 crictl rmp --force || true
fi
phase "network"
# Asked of the kernel and not of sysfs, which in a container may show another network namespace's links.
ip -o link show | sed -n 's/^[0-9]*: \\(${LINKS}\\)[:@].*/\\1/p' | while read -r link; do ip link delete "$link" || true; done
# The kernel keeps this one as long as its module is loaded: Calico's IP-in-IP.
if ip link show tunl0 >/dev/null 2>&1; then ip address flush dev tunl0 || true; ip link set tunl0 down || true; fi
# Routes to other nodes' pods, which flannel's host-gw and Calico leave behind.
ip -4 route flush root ${podCidr} 2>/dev/null || true
if command -v nft >/dev/null; then
  for family in ip ip6 inet; do
    nft list tables "$family" 2>/dev/null | awk '$3 ~ /^(${TABLES})$/ { print $2, $3 }' | while read -r f table; do nft delete table "$f" "$table" || true; done
  done
fi
if command -v iptables-save >/dev/null; then
  for table in nat filter mangle; do
    rules=$(iptables-save -t "$table" 2>/dev/null || true)
    if grep -qE '${RULES}' <<<"$rules"; then
      grep -vE '${RULES}' <<<"$rules" | iptables-restore -T "$table" || true
    fi
  done
fi
phase "files"
if mountpoint --quiet /var/lib/kubelet; then umount --recursive --lazy /var/lib/kubelet/pods 2>/dev/null || true; fi
awk '$2 ~ "^/var/lib/kubelet/" { print $2 }' /proc/mounts | sort -r | xargs -r -n 1 umount --lazy || true
rm -rf /etc/kubernetes /var/lib/etcd/member /var/lib/cni /etc/cni/net.d ${FOLDERS}
find /var/lib/kubelet -mindepth 1 -delete 2>/dev/null || true
for unit in /etc/systemd/system/pulumi-kubeadm-*.timer; do
  [ -e "$unit" ] || continue
  systemctl disable --now "$(basename "$unit")" 2>/dev/null || true
  rm -f "$unit" "\${unit%.timer}.service"
done
systemctl daemon-reload
rm -f ${INTENDED_FILE} ${JOIN_FILE_COMMAND} ${KUBELET_FILES} ${RECORD_FILE}
`;
}
