# shellcheck shell=bash disable=SC2154,SC2034
# Variables: refuses_cgroup_v1 kubernetes_version install_root cni_bin_folder link_folder

memory_controller() {
  if [ -r /sys/fs/cgroup/cgroup.controllers ]; then
    grep -qw memory /sys/fs/cgroup/cgroup.controllers
  else
    awk '$1 == "memory" { found = $4 } END { exit found != 1 }' /proc/cgroups
  fi
}
check_cgroups() {
  if [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ]; then
    if [ -n "$refuses_cgroup_v1" ]; then
      refuse cgroupv1 "the host has cgroup v1, and the kubelet of $kubernetes_version refuses it: boot with systemd.unified_cgroup_hierarchy=1, or set kubelet.config.failCgroupV1 to false (CgroupV1)"
    else
      note "the host uses cgroup v1, which Kubernetes is about to drop"
    fi
  fi
  # kubeadm's own check of this name asks for it too.
  if ! memory_controller; then
    refuse systemverification "the kernel's memory controller for cgroups is off: boot with cgroup_enable=memory (on a Raspberry Pi in /boot/firmware/cmdline.txt) (SystemVerification)"
  fi
}
# mounted PATH: options of the mount that PATH lies on, or will lie on.
mounted() {
  local at=$1
  until [ -e "$at" ]; do at=$(dirname "$at"); done
  findmnt --noheadings --raw --output OPTIONS --target "$at" 2>/dev/null | tail -n 1 || true
}
check_programs() {
  local path
  # Containers' own files lie on mounts of containerd's, which take no flag of the folder's.
  for path in "$install_root" "$cni_bin_folder" "$link_folder" /usr/local/sbin; do
    case ,$(mounted "$path"), in
      *,noexec,*) refuse noexec "$path lies on a mount with noexec, so no program there can run: mount it without noexec (Noexec)" ;;
    esac
  done
  if systemctl is-active --quiet fapolicyd.service && ! grep -qsrF "$install_root" /etc/fapolicyd; then
    refuse fapolicyd "fapolicyd denies programs that no package brought: let it trust them in /etc/fapolicyd/rules.d/80-kubernetes.rules (allow perm=any all : dir=$install_root/,$cni_bin_folder/,/run/containerd/,/var/lib/containerd/,/var/lib/kubelet/), then restart it (Fapolicyd)"
  fi
}
check_selinux() {
  if [ "$(cat /sys/fs/selinux/enforce 2>/dev/null || true)" = 1 ]; then
    note "SELinux is enforcing: the library labels its files, and containers run unlabelled because containerd's enable_selinux is off; enable_selinux has not been tested (containerd.dropIn, package container-selinux)"
  fi
}
check_cloud_setup() {
  local unit
  for unit in nm-cloud-setup.timer nm-cloud-setup.service; do
    if systemctl is-active --quiet "$unit" || [ "$(systemctl is-enabled "$unit" 2>/dev/null || true)" = enabled ]; then
      refuse nmcloudsetup "$unit adds routing rules that lead pods' packets out of the wrong interface: systemctl disable --now nm-cloud-setup.timer nm-cloud-setup.service, then reboot (NmCloudSetup)"
      return 0
    fi
  done
}
# kubeadm's check of this name looks too, after all machines were set up. It takes lost+found for data; etcd does not.
check_etcd_folder() {
  local held
  held=$(find /var/lib/etcd -mindepth 1 -maxdepth 1 ! -name lost+found -printf '%f ' 2>/dev/null || true)
  if [ -n "$held" ]; then
    refuse diravailable--var-lib-etcd "/var/lib/etcd is not empty (${held% }), and a new control-plane node starts with an empty one: if nobody needs that data, remove it (DirAvailable--var-lib-etcd)"
  fi
}
