# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: pod_cidr link_pattern table_pattern chain_pattern folders undo_paths intended_file join_file_command kubelet_files record_file rotation_file state_folder

# First: a boot in the middle must not put a node back that is on its way out.
rm -rf "${undo_paths[@]}"
sync "$state_folder" 2>/dev/null || true
phase "kubeadm reset"
if command -v kubeadm >/dev/null; then
  # The member of etcd was removed by a control-plane node that stays, or there is none left to ask.
  timeout 120 kubeadm reset --force --skip-phases remove-etcd-member --cri-socket unix:///run/containerd/containerd.sock || note "kubeadm reset did not finish, cleaning up without it"
fi
systemctl stop kubelet 2>/dev/null || true
phase "pods"
if command -v crictl >/dev/null && systemctl is-active --quiet containerd; then
  crictl pods --quiet | xargs -r timeout 60 crictl rmp --force || true
fi
phase "network"
# Asked of the kernel and not of sysfs, which in a container may show another network namespace's links.
ip -o link show | sed -n 's/^[0-9]*: \('"$link_pattern"'\)[:@].*/\1/p' | while read -r link; do ip link delete "$link" || true; done
# The kernel keeps this one as long as its module is loaded: Calico's IP-in-IP.
if ip link show tunl0 >/dev/null 2>&1; then ip address flush dev tunl0 || true; ip link set tunl0 down || true; fi
# Routes to other nodes' pods, which flannel's host-gw and Calico leave behind.
ip -4 route flush root "$pod_cidr" 2>/dev/null || true
if command -v nft >/dev/null; then
  for family in ip ip6 inet; do
    nft list tables "$family" 2>/dev/null | awk '$3 ~ /^('"$table_pattern"')$/ { print $2, $3 }' | while read -r f table; do nft delete table "$f" "$table" || true; done
  done
fi
if command -v iptables-save >/dev/null; then
  for table in nat filter mangle; do
    rules=$(iptables-save -t "$table" 2>/dev/null || true)
    if grep -qE "$chain_pattern" <<<"$rules"; then
      grep -vE "$chain_pattern" <<<"$rules" | iptables-restore -T "$table" || true
    fi
  done
fi
phase "files"
if mountpoint --quiet /var/lib/kubelet; then umount --recursive --lazy /var/lib/kubelet/pods 2>/dev/null || true; fi
awk '$2 ~ "^/var/lib/kubelet/" { print $2 }' /proc/mounts | sort -r | xargs -r -n 1 umount --lazy || true
rm -rf /etc/kubernetes /var/lib/etcd/member /var/lib/cni "${folders[@]}"
# The folder stays: containerd ends where it goes (containerd pull request 10646), and a host may join again at once.
find /etc/cni/net.d -mindepth 1 -delete 2>/dev/null || true
find /var/lib/kubelet -mindepth 1 -delete 2>/dev/null || true
for unit in /etc/systemd/system/pulumi-kubeadm-*.timer; do
  [ -e "$unit" ] || continue
  systemctl disable --now "$(basename "$unit")" 2>/dev/null || true
  rm -f "$unit" "${unit%.timer}.service"
done
systemctl daemon-reload
rm -f "$intended_file" "$join_file_command" "$kubelet_files" "$rotation_file" "$record_file"
