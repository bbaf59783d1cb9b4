# shellcheck shell=bash disable=SC2154,SC2034
# Variables: ignored_checks role role_ports node_name wanted_interface wanted_mtu pod_cidr service_cidr node_cidr_mask_size own_routes routes_slices api_proxy_port control_plane_memory control_plane_cpus worker_memory least_disk comfortable_disk member_file state_folder api_proxy_unit
# Uses: node/scripts/interface.sh

ignored() { case " ${ignored_checks[*]} " in *" $1 "* | *" all "*) return 0 ;; esac; return 1; }
problems=()
problem() { problems+=("$1"); }
# refuse CHECK TEXT: a problem, unless the settings say to ignore that check.
refuse() { if ignored "$1"; then note "ignored: $2"; else problem "$2"; fi; }
has_kubernetes() {
  [ -e "$member_file" ] || compgen -G '/etc/kubernetes/manifests/*.yaml' >/dev/null || [ -e /etc/kubernetes/bootstrap-kubelet.conf ]
}
memory_mib() { awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo; }
var_free_mib() { df -Pk /var | awk 'NR == 2 { print int($4 / 1024) }'; }
# A join that was cut off is finished, and not looked at as a stranger.
joining() { [ -s "$state_folder"/node.json ]; }

address_number() {
  local a b c d
  IFS=. read -r a b c d <<<"$1"
  echo "$(((a << 24) + (b << 16) + (c << 8) + d))"
}
overlap() {
  local p=${1#*/} q=${2#*/} shift
  shift=$((32 - (p < q ? p : q)))
  [ "$(($(address_number "${1%/*}") >> shift))" -eq "$(($(address_number "${2%/*}") >> shift))" ]
}
# What the CNI itself put there is no collision: its devices, and its routes to other nodes' slices.
own_route() { # destination, the whole line
  local words
  for words in "${own_routes[@]}"; do
    if [[ " $2 " == *"$words"* ]]; then return 0; fi
  done
  if [ -n "$routes_slices" ] && [[ $2 == *" via "* ]] && [ "${1#*/}" = "$node_cidr_mask_size" ] && overlap "$1" "$pod_cidr"; then return 0; fi
  return 1
}
check_routes() {
  local line words destination
  while read -r line; do
    read -r -a words <<<"$line"
    destination=${words[0]}
    case $destination in
      unicast | blackhole | unreachable | prohibit | throw) destination=${words[1]} ;;
      local | broadcast | multicast | anycast | nat) continue ;;
    esac
    case $destination in default | 0.0.0.0/* | 128.0.0.0/1) continue ;; esac
    case $destination in */*) ;; *) destination=$destination/32 ;; esac
    if own_route "$destination" "$line"; then continue; fi
    if overlap "$destination" "$pod_cidr"; then
      refuse routecollision "the route \"$line\" collides with the pod range $pod_cidr (RouteCollision)"
    fi
    if overlap "$destination" "$service_cidr"; then
      refuse routecollision "the route \"$line\" collides with the service range $service_cidr (RouteCollision)"
    fi
  done < <(ip -4 route show table all)
}
check_port() { # port, what it is for
  local holder
  holder=$(ss -Hltnp "sport = :$1" | head -n 1)
  if [ -z "$holder" ]; then return 0; fi
  holder=$(sed -nE 's/.*users:\(\("([^"]+)".*/\1/p' <<<"$holder")
  refuse "port-$1" "port $1 ($2) is taken by ${holder:-another process} (Port-$1)"
}
check_network() {
  local interface mtu port
  interface=$(node_interface)
  if [ -z "$interface" ]; then
    problem "no interface of the host has the node address $node_address"
  elif [ -n "$wanted_interface" ] && [ "$interface" != "$wanted_interface" ]; then
    problem "the node address $node_address is on $interface, not on $wanted_interface"
  fi
  if [ "$wanted_mtu" -gt 0 ] && [ -n "$interface" ]; then
    mtu=$(node_mtu "$interface")
    if [ "$mtu" -lt "$wanted_mtu" ]; then
      problem "$interface has an MTU of $mtu, but network.mtu is $wanted_mtu"
    elif [ "$mtu" -gt "$wanted_mtu" ]; then
      note "$interface has an MTU of $mtu; network.mtu says $wanted_mtu"
    fi
  fi
  if [ "$role" != loadBalancer ]; then check_routes; fi
  if ! has_kubernetes; then
    for port in "${role_ports[@]}"; do check_port "$port" Kubernetes; done
  fi
  if [ -n "$api_proxy_port" ] && ! systemctl is-active --quiet "$api_proxy_unit"; then
    check_port "$api_proxy_port" "the balancer of the API"
  fi
}
check_node() {
  local host memory
  host=$(uname -n)
  memory=$(memory_mib)
  if [ "$role" = controlPlane ]; then
    if [ "$memory" -lt "$control_plane_memory" ]; then refuse mem "the host has $memory MiB of memory, a control-plane node needs $control_plane_memory (Mem)"; fi
    if [ "$(nproc)" -lt "$control_plane_cpus" ]; then refuse numcpu "the host has $(nproc) CPU, a control-plane node needs $control_plane_cpus (NumCPU)"; fi
  elif [ "$memory" -lt "$worker_memory" ]; then
    note "the host has only $memory MiB of memory"
  fi
  if [ "$host" != "$node_name" ]; then note "the host calls itself $host; its node is named $node_name"; fi
  if [ -e "$member_file" ] && [ ! -d "$state_folder" ]; then
    problem "$member_file exists, but this library never set up the host: it is a node of another cluster; run kubeadm reset on it first"
  fi
}
check_host() {
  local free
  free=$(var_free_mib)
  if [ ! -d /run/systemd/system ]; then problem "systemd does not run this host"; fi
  if [ "$free" -lt "$least_disk" ] && ! has_kubernetes; then
    refuse diskspace "/var has $free MiB free, $least_disk are needed (DiskSpace)"
  elif [ "$free" -lt "$comfortable_disk" ]; then
    note "/var has only $free MiB free"
  fi
  if [ "$role" != loadBalancer ]; then check_node; fi
  check_bare
}

report_problems() {
  local all
  if [ "${#problems[@]}" -eq 0 ]; then return 0; fi
  printf 'problem: %s\n' "${problems[@]}"
  all=$(printf '%s; ' "${problems[@]}")
  die "${all%; }"
}
# Where the `ip` command is still to be installed, the network is looked at after that.
ip_was_there=no
check_first() {
  check_host
  if command -v ip >/dev/null; then
    ip_was_there=yes
    check_network
  fi
}
check_later() {
  if [ "$ip_was_there" = yes ]; then return 0; fi
  check_network
  report_problems
}
