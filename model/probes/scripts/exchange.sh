# shellcheck shell=bash disable=SC2154,SC2016,SC2209
# Variables: token
# Uses: probes/scripts/reach.sh

# How a listener of listen.py answers: as in reach.sh, and
#   there SIZE, back SIZE  full packets get lost to the other machine or from it; the largest that arrive, or 0
#   cut                    the connection ends before an answer
# The search for a size takes some seconds more.

# Bytes of a packet before the data: IPv4, and TCP with timestamps, or UDP.
tcp_head=52
udp_head=28
# Seconds in which a packet of a size arrives.
short=$((patience < 4 ? patience : 4))
# Bytes that fill many packets.
many=16000
# Sizes of packets that are tried where the full ones get lost: jumbo frames, PPPoE, GRE, VXLAN, WireGuard, tunnels in tunnels.
packet_sizes=(8950 8000 4000 1492 1480 1476 1460 1450 1440 1430 1420 1400 1380 1350 1300 1280 1200 1000 576)

# talk ADDRESS PORT THERE BACK ...: sends a listener of listen.py so many bytes, and gets as many as are asked for; for each pair on one connection.
talk() {
  local address=$1 port=$2
  shift 2
  exec 3<>"/dev/tcp/$address/$port" || exit 1
  echo connected
  while [ $# -gt 0 ]; do
    {
      printf '%s %s %s\n' "$token" "$1" "$2"
      head -c "$1" /dev/zero
    } >&3
    [ "$(head -c 1 <&3)" = + ] || exit 1
    echo there
    [ "$(head -c "$2" <&3 | wc -c)" -eq "$2" ] || exit 1
    echo back
    shift 2
  done
}

# exchange ADDRESS PORT MTU: with a listener on TCP.
exchange() {
  local said status=0 answer there back piece=$(($3 - tcp_head))
  # One packet at a time first: several may travel as one through bridges and hosts of virtual machines, whatever their MTU.
  said=$(timeout "$patience" bash -c 'talk "$@"' talk "$1" "$2" 0 0 "$piece" 0 0 "$piece" "$many" "$many" 2>&1) || status=$?
  if [ "$status" -eq 0 ]; then
    echo open
    return
  fi
  there=$(grep -cx there <<<"$said")
  back=$(grep -cx back <<<"$said")
  case $status:$there:$said in
    124:0:*connected*) answer=silent ;;
    *:0:*connected*) answer=cut ;;
    *:0:*) answer=$(word_of "$status" "$said") ;;
    124:*) if [ "$there" -gt "$back" ]; then answer=back; else answer=there; fi ;;
    *) answer=cut ;;
  esac
  case $answer in
    there | back) echo "$answer $(largest passes "$answer" "$@")" ;;
    *) echo "$answer" ;;
  esac
}

# passes WAY ADDRESS PORT SIZE: prints the size where a packet of it arrives.
passes() {
  local data=$(($4 - tcp_head))
  case $1 in
    there) timeout "$short" bash -c 'talk "$@"' talk "$2" "$3" "$data" 0 ;;
    back) timeout "$short" bash -c 'talk "$@"' talk "$2" "$3" 0 "$data" ;;
  esac >/dev/null 2>&1 && echo "$4"
}

# largest COMMAND WAY ADDRESS PORT MTU: the largest size below the MTU that the command takes, or 0.
largest() {
  local size
  {
    echo 0
    for size in "${packet_sizes[@]}"; do
      if [ "$size" -lt "$5" ]; then "$1" "$2" "$3" "$4" "$size" & fi
    done
    wait
  } | sort -n | tail -n 1
}

# send ADDRESS PORT SIZE: datagrams with so many bytes of data, until a listener of listen.py says that one has come.
send() {
  local said=""
  exec 3<>"/dev/udp/$1/$2" || exit 1
  until [ "$said" = "+$3" ]; do
    said=$({
      {
        printf '%s' "$token"
        head -c "$(($3 - ${#token}))" /dev/zero
      } | dd bs="$3" count=1 iflag=fullblock status=none >&3
      timeout 1 dd bs=64 count=1 status=none <&3
    } 2>&1)
    case $said in *efused* | *nreachable* | *"o route"*)
      echo "$said"
      exit 1
      ;;
    esac
  done
}

# arrives WAY ADDRESS PORT SIZE
arrives() {
  timeout "$short" bash -c 'send "$@"' send "$2" "$3" "$(($4 - udp_head))" >/dev/null 2>&1 && echo "$4"
}

# datagrams ADDRESS PORT MTU: with a listener on UDP.
datagrams() {
  local said status=0
  said=$(timeout "$patience" bash -c 'send "$@"' send "$1" "$2" "${#token}" 2>&1) || status=$?
  if [ "$status" -ne 0 ]; then
    word_of "$status" "$said"
  elif timeout "$patience" bash -c 'send "$@"' send "$1" "$2" "$(($3 - udp_head))" >/dev/null 2>&1; then
    echo open
  else
    echo "there $(largest arrives there "$@")"
  fi
}
export token
export -f talk send
