# shellcheck shell=bash disable=SC2154,SC2034
# Variables: firewall_ssh_ports operators operators6 open_to_all

phase firewall
mkdir -p /run/sshd
ssh_ports=$(sshd -T 2>/dev/null | awk '$1 == "port" { print $2 }' | sort -un | paste -sd, || true)
put "$firewall_ssh_ports" 0644 firewall-rules <<<"define ssh_ports = { ${ssh_ports:-22} }"
# hex6 ADDRESS: its 32 digits.
hex6() {
  local part out="" left=${1%%::*} right="" zeros
  local -a a=() b=()
  case $1 in *::*) right=${1#*::} ;; esac
  IFS=: read -ra a <<<"$left"
  IFS=: read -ra b <<<"$right"
  for part in "${a[@]}"; do out+=$(printf '%04x' "0x$part"); done
  for ((zeros = 8 - ${#a[@]} - ${#b[@]}; zeros > 0; zeros--)); do out+=0000; done
  for part in "${b[@]}"; do out+=$(printf '%04x' "0x$part"); done
  echo "$out"
}
inside6() { # address, range
  local a r bits=${2#*/} whole
  a=$(hex6 "$1")
  r=$(hex6 "${2%/*}")
  whole=$((bits / 4))
  [ "${a:0:whole}" = "${r:0:whole}" ] || return 1
  [ "$((bits % 4))" -eq 0 ] ||
    [ "$((0x${a:whole:1} >> (4 - bits % 4)))" -eq "$((0x${r:whole:1} >> (4 - bits % 4)))" ]
}
let_in() {
  local allowed
  case $1 in
    *:*) for allowed in "${operators6[@]}"; do if inside6 "$1" "$allowed"; then return 0; fi; done ;;
    *) for allowed in "${operators[@]}"; do if overlap "$1/32" "$allowed"; then return 0; fi; done ;;
  esac
  return 1
}
check_operators() {
  local peer
  while read -r peer; do
    peer=${peer%:*}
    peer=${peer#"["}
    peer=${peer%"]"}
    peer=${peer#"::ffff:"}
    peer=${peer%%"%"*}
    case $peer in "" | 127.* | ::1) continue ;; esac
    if ! let_in "$peer"; then die "the firewall would lock out $peer, which is logged in over SSH: add it to access.ssh"; fi
  done < <(for port in ${ssh_ports//,/ }; do ss -Htn state established "sport = :$port" | awk '{ print $4 }'; done)
}
if [ -z "$open_to_all" ]; then check_operators; fi
