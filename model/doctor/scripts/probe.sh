#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2016
# Variables: files links units sysctls certificates disks backup_program backup_unit peers
# Uses: node/scripts/etcd.sh node/scripts/json.sh probes/scripts/reach.sh
# Prelude: path
# Prints what a host is like, as one line of JSON: each section is text with a line for each thing. Changes nothing, and prints no
# file that may hold a secret: of files their digest, of certificates what everybody may read.

set -u
first=yes
section() {
  [ -n "$first" ] || printf ','
  first=""
  printf '%s:%s' "$(json "$1")" "$(json "$("$2" 2>/dev/null)")"
}

digests() {
  local path folder
  for path in "${files[@]}"; do
    if [ -f "$path" ]; then
      printf '%s\t%s\t%s\n' "$path" "$(stat -Lc %a "$path")" "$(sha256sum <"$path" | cut -d ' ' -f 1)"
    else
      folder=$(dirname "$path")
      printf '%s\t%s\n' "$path" "$([ -d "$folder" ] && echo missing || echo nofolder)"
    fi
  done
}
targets() {
  local path
  for path in "${links[@]}"; do printf '%s\t%s\n' "$path" "$(readlink "$path")"; done
}
unit_states() {
  local unit
  for unit in "${units[@]}"; do
    printf '%s\t%s\t%s\n' "$unit" "$(systemctl is-active "$unit")" "$(systemctl is-enabled "$unit")"
  done
}
kernel() {
  local key path
  for key in "${sysctls[@]}"; do
    path=/proc/sys/${key//.//}
    # Root is let through by the mode; a read-only mount is not a drift.
    printf '%s\t%s\t%s\n' "$key" "$(cat "$path")" "$([ -w "$path" ] && echo writable || echo fixed)"
  done
}
swaps() { tail -n +2 /proc/swaps; }
filesystems() {
  local path
  for path in "${disks[@]}"; do
    [ -d "$path" ] || continue
    printf '%s\t%s\t%s\n' "$path" "$(df -Pk "$path" | awk 'NR == 2 { print $2 "\t" $4 }')" \
      "$(df -Pi "$path" | awk 'NR == 2 { print $2 "\t" $4 }')"
  done
}
addresses() { ip -o -4 address show | awk '{ print $2 "\t" $4 }'; }
interfaces() { ip -o link show | sed -nE 's/^[0-9]+: ([^:@]+)[^:]*:.* mtu ([0-9]+) .*/\1\t\2/p'; }
hosts_file() { cat /etc/hosts; }
subnet() { cat /run/flannel/subnet.env; }
cni_files() { ls /etc/cni/net.d; }
cluster() { printf '%s' "$(cat /etc/kubernetes/pki/ca.crt)" | sha256sum | cut -d ' ' -f 1; }
# Name, seconds until it ends, and whether its issuer is the authority beside it.
ends() {
  local path end ca now trusted
  now=$(date +%s)
  for path in "${certificates[@]}"; do
    [ -f "$path" ] || continue
    end=$(date -d "$(openssl x509 -noout -enddate -in "$path" | cut -d = -f 2)" +%s)
    ca=/etc/kubernetes/pki/ca.crt
    case $path in */etcd/*) ca=/etc/kubernetes/pki/etcd/ca.crt ;; */front-proxy-client.crt) ca=/etc/kubernetes/pki/front-proxy-ca.crt ;; esac
    case $path in */apiserver-etcd-client.crt) ca=/etc/kubernetes/pki/etcd/ca.crt ;; esac
    trusted=yes
    openssl verify -no_check_time -CAfile "$ca" "$path" >/dev/null 2>&1 || trusted=no
    printf '%s\t%s\t%s\n' "$path" "$((end - now))" "$trusted"
  done
}
kubelet_address() { sed -n 's/.*--node-ip=\([^" ]*\).*/\1/p' /var/lib/kubelet/kubeadm-flags.env; }
kubelet_config() { cat /var/lib/kubelet/config.yaml; }
manifest_flags() {
  grep -hoE '^ *- --(cluster-cidr|service-cluster-ip-range|node-cidr-mask-size|advertise-address|quota-backend-bytes)=.*' \
    /etc/kubernetes/manifests/kube-{controller-manager,apiserver}.yaml /etc/kubernetes/manifests/etcd.yaml | sed 's/^ *- --//'
}
static_pods() { ls /etc/kubernetes/manifests; }
pending() { ls /var/lib/pulumi-kubeadm/pending; }
maintenance_last() { cat /var/lib/pulumi-kubeadm/maintenance/status.json; }
# Seconds since its phase began; nothing where none is under way, or it waits for other nodes.
maintenance_now() {
  local file=/var/lib/pulumi-kubeadm/maintenance/state.json
  [ -e "$file" ] && ! grep -q '"phase": "ask"' "$file" && echo $(($(date +%s) - $(stat -c %Y "$file")))
}
unfinished() { [ -e /var/lib/pulumi-kubeadm/undo ] && echo undo; }
rotation() { cat /var/lib/pulumi-kubeadm/rotation.json; }
tables() { nft list tables; }
etcd_status() { [ -e /etc/kubernetes/manifests/etcd.yaml ] && find_etcd && etcdctl endpoint status -w json; }
etcd_alarms() { [ -e /etc/kubernetes/manifests/etcd.yaml ] && find_etcd && etcdctl alarm list; }
etcd_members() { [ -e /etc/kubernetes/manifests/etcd.yaml ] && find_etcd && etcdctl member list; }
# The target is asked now: what it has is what can be restored. The last words of a run that failed say why it did.
backup() {
  local said words
  [ -x "$backup_program" ] || return
  if said=$(timeout 45 "$backup_program" list 2>&1); then
    printf 'newest\t%s\n' "$(head -n 1 <<<"$said")"
  else
    printf 'problem\t%s\n' "$(tail -n 1 <<<"${said:-no answer within 45 s}" | tr '\t' ' ')"
  fi
  if systemctl is-failed --quiet "$backup_unit.service"; then
    words=$(journalctl --unit "$backup_unit.service" --output cat --lines 20 --no-pager _TRANSPORT=stdout | tail -n 1 | tr '\t' ' ')
    printf 'failed\t%s\n' "${words:-nothing is known of it}"
  fi
}
reach() {
  printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$(serves "$2" "$3")"
}
probes() {
  local peer folder count=0
  folder=$(mktemp -d) || return
  for peer in "${peers[@]}"; do
    # Words on purpose: NAME ADDRESS PORT.
    # shellcheck disable=SC2086
    reach $peer >"$folder/$count" &
    count=$((count + 1))
    [ $((count % 32)) -ne 0 ] || wait
  done
  wait
  cat "$folder"/*
  rm -rf "$folder"
}

printf '##facts {'
section files digests
section links targets
section units unit_states
section sysctls kernel
section swap swaps
section disks filesystems
section addresses addresses
section interfaces interfaces
section hosts hosts_file
section subnet subnet
section cni cni_files
section cluster cluster
section certificates ends
section kubeletAddress kubelet_address
section kubeletConfig kubelet_config
section flags manifest_flags
section manifests static_pods
section pending pending
section unfinished unfinished
section rotation rotation
section maintenanceLast maintenance_last
section maintenanceNow maintenance_now
section tables tables
section etcdStatus etcd_status
section etcdAlarms etcd_alarms
section etcdMembers etcd_members
section backup backup
section probes probes
printf '}\n'
