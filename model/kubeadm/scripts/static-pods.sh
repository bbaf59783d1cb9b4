# shellcheck shell=bash disable=SC2154
# Variables: pki cri_socket stop_seconds api_table api_port api_leave_seconds restart_unit

crictl() { command crictl --runtime-endpoint "$cri_socket" "$@"; }

container() { crictl ps --quiet --state Running --label io.kubernetes.pod.namespace=kube-system --name "^$1\$" | head -n 1; }

healthy() {
  local ask=(curl --silent --fail --max-time 3 --output /dev/null)
  case $1 in
    etcd) "${ask[@]}" http://127.0.0.1:2381/health ;;
    kube-apiserver) "${ask[@]}" --noproxy '*' --cacert "$pki/ca.crt" https://127.0.0.1:6443/readyz ;;
    # Their certificates are their own, made at start, and this does not leave the host.
    kube-controller-manager) "${ask[@]}" --noproxy '*' --insecure https://127.0.0.1:10257/healthz ;;
    kube-scheduler) "${ask[@]}" --noproxy '*' --insecure https://127.0.0.1:10259/healthz ;;
  esac
}

# restarted NAME BEFORE: another container than BEFORE runs, and is healthy.
restarted() {
  local after
  after=$(container "$1")
  if [ "$after" = "$2" ]; then after=""; fi
  if [ "$1" = kube-apiserver ] && [ -n "$after" ]; then
    if [ -n "$api_is_closed" ]; then close_api drop; fi
    open_when_ready
  elif [ -n "$api_is_closed" ]; then
    close_api "reject with tcp reset"
  fi
  [ -n "$after" ] && healthy "$1"
}

# Balancers without health checks notice only a refused connection, and an API server that starts answers before it knows the roles. So
# only root on this host may open connections to it until it is ready; those that are open go on. Whoever waits says it again: where this
# script is killed, the packet filter soon forgets the port. Where nft fails, clients see what they would see without it.
# close_api VERDICT: refused while no API server can answer, so that balancers take the next one at once. When the new one has begun, its own
# address comes back to the Service `kubernetes` within a tenth of a second of being ready, which may be before the port is open: those
# attempts are dropped, and TCP makes them again a second later.
api_is_closed=""
close_api() {
  api_is_closed=yes
  nft -f - <<RULES || echo "nft failed: clients may see the restart of kube-apiserver"
table $api_table {}
delete table $api_table
table $api_table {
  set restarting { type inet_service; flags timeout; elements = { $api_port timeout 30s } }
  chain input {
    type filter hook input priority -10; policy accept;
    iifname != "lo" tcp flags & (fin | syn | rst | ack) == syn tcp dport @restarting $1
  }
  chain output {
    type filter hook output priority -10; policy accept;
    oifname "lo" meta skuid != 0 tcp flags & (fin | syn | rst | ack) == syn tcp dport @restarting $1
  }
}
RULES
}
open_api() {
  api_is_closed=""
  nft delete table "$api_table" 2>/dev/null || true
}

# The former one has ended, so it is the next one that is ready. A moment later its address is back in the Service `kubernetes`, and nodes
# send to it within a second: who looks every second refuses some of them.
open_when_ready() { if retry 10 0.1 healthy kube-apiserver; then open_api; fi; }

is_leaving() { ! healthy kube-apiserver; }

# stop NAME CONTAINER: the kubelet starts it again at once. An API server that was told to stop serves for shutdown-delay-duration; its
# address leaves the Service `kubernetes` at once, and balancers that ask /readyz leave it out.
stop() {
  local stopping
  echo "restarting $1"
  if [ "$1" != kube-apiserver ]; then
    crictl stop --timeout "${stop_seconds[$1]}" "$2" >/dev/null
    return
  fi
  crictl stop --timeout "${stop_seconds[$1]}" "$2" >/dev/null &
  stopping=$!
  # On a busy host the signal comes late, and the seconds count from there.
  retry 10 1 is_leaving || true
  sleep "$api_leave_seconds"
  close_api "reject with tcp reset"
  wait "$stopping"
}

# runs_again NAME BEFORE: waits until another container than BEFORE is healthy.
runs_again() {
  local status=0
  retry 180 1 restarted "$1" "$2" || status=1
  if [ "$1" = kube-apiserver ]; then open_api; fi
  [ "$status" -eq 0 ] || echo "$1 did not become healthy within three minutes of its restart" >&2
  return "$status"
}

restart() {
  local before
  before=$(container "$1")
  if [ -n "$before" ]; then stop "$1" "$before"; fi
  runs_again "$1" "$before"
}

# Each API server asks the etcd of its own node alone, so that it serves nobody while etcd restarts. The next component stops only when
# the last one answers again.
restart_etcd_and_api() {
  local before
  before=$(container kube-apiserver)
  if [ -n "$before" ]; then stop kube-apiserver "$before"; fi
  restart etcd || { open_api; return 1; }
  runs_again kube-apiserver "$before"
}

# unbroken FUNCTION: runs it in a unit of its own, which goes on to its end where this script is killed: clients would otherwise reach an
# API server that is closing its port, or one that is not ready yet.
unbroken() {
  local file="/run/$restart_unit.sh"
  # What a killed run began.
  retry 300 1 is_over || return 1
  {
    declare -p PATH pki cri_socket stop_seconds api_table api_port api_leave_seconds
    echo 'api_is_closed=""'
    declare -f
    echo "$1"
  } >"$file"
  systemd-run --quiet --wait --collect --unit "$restart_unit" /bin/bash "$file"
}
is_over() { ! systemctl is-active --quiet "$restart_unit"; }
