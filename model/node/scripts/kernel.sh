# shellcheck shell=bash disable=SC2154,SC2034
# Variables: modules

probe_link() {
  ip link add pkprobe0 "$@" 2>/dev/null || return 1
  ip link delete pkprobe0
}
# Whether a module's work can be done without it: built in, or loaded by the host of a container. The last resort is to use it;
# interfaces of these names live for a moment.
works() {
  case $1 in
    overlay) grep -qw overlay /proc/filesystems ;;
    br_netfilter) [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] ;;
    nf_conntrack) [ -e /proc/sys/net/netfilter/nf_conntrack_max ] ;;
    # nft may crash on what another version of it wrote; then there is something that it can read.
    nf_tables) [ -d /sys/module/nf_tables ] || nft list tables >/dev/null 2>&1 || [ $? -eq 139 ] ;;
    vxlan) [ -d /sys/module/vxlan ] || probe_link type vxlan id 16777215 dstport 65111 local 127.0.0.1 ;;
    wireguard) [ -d /sys/module/wireguard ] || probe_link type wireguard ;;
    geneve) [ -d /sys/module/geneve ] || probe_link type geneve id 16777215 remote 127.0.0.2 dstport 65112 ;;
    ipip) [ -d /sys/module/ipip ] || probe_link type ipip local 127.0.0.1 remote 127.0.0.2 ;;
    *) [ -d "/sys/module/$1" ] ;;
  esac
}
load_module() {
  modprobe "$1" 2>/dev/null || true
  works "$1" || die "the kernel has no $1, neither as a module nor built in"
}
want() { # key, value, match, essential
  local file=/proc/sys/${1//.//} now
  if [ ! -e "$file" ]; then
    if [ "$4" = essential ]; then die "the kernel has no $1"; fi
    note "the kernel has no $1"
    return 0
  fi
  if holds "$file" "$2" "$3"; then return 0; fi
  now=""
  if [ "$3" = includes ]; then now=$(cat "$file"); fi
  echo "${now:+$now,}$2" 2>/dev/null >"$file" || true
  if holds "$file" "$2" "$3"; then
    echo "set $1 = $2"
    return 0
  fi
  now=$(cat "$file" 2>/dev/null || true)
  if [ "$4" = essential ]; then die "$1 is $now, but must be $2, and this host does not allow that"; fi
  note "$1 is $now instead of $2 and cannot be set on this host"
}
# lists LIST FROM TO: one range of the list holds all of them.
lists() {
  local part
  for part in ${1//,/ }; do
    if [ "${part%-*}" -le "$2" ] && [ "${part#*-}" -ge "$3" ]; then return 0; fi
  done
  return 1
}
holds() { # file, value, match
  local now
  now=$(tr '\t' ' ' 2>/dev/null <"$1") || return 1
  case $3 in
    least) [ "$now" -ge "$2" ] ;;
    includes) lists "$now" "${2%-*}" "${2#*-}" ;;
    *) [ "$now" = "$2" ] ;;
  esac
}
phase kernel
# A container has no modules of its own, and its boot would complain about the list.
if [ -d "/lib/modules/$(uname -r)" ]; then
  printf '%s\n' "${modules[@]}" | put /etc/modules-load.d/pulumi-kubeadm.conf 0644
fi
for module in "${modules[@]}"; do load_module "$module"; done
