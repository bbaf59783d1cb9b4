# shellcheck shell=bash disable=SC2154
# Variables: machine restore_folder

# A control plane that went on with the former data beside the restored one would be a second cluster of the same name.
phase "stopping the control plane on $machine"
install -d -m 0700 "$restore_folder"
for timer in /etc/systemd/system/pulumi-kubeadm-*.timer; do
  if [ -e "$timer" ]; then systemctl stop "$(basename "$timer")"; fi
done
systemctl stop kubelet || true
systemctl reset-failed kubelet 2>/dev/null || true
crictl pods --quiet | xargs -r timeout 120 crictl rmp --force >/dev/null || true
for name in etcd kube-apiserver; do
  if crictl ps --quiet --name "^$name\$" | grep -q .; then die "$name does not stop"; fi
done
# Kept until the restored cluster is well.
if [ -d /var/lib/etcd/member ] && [ ! -e "$restore_folder/before" ]; then mv /var/lib/etcd/member "$restore_folder/before"; fi
rm -rf /etc/kubernetes/manifests /etc/kubernetes/*.conf /var/lib/etcd/member
