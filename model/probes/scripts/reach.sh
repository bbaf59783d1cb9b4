# shellcheck shell=bash disable=SC2154,SC2016
# Variables: patience

# How a port of another machine answers within $patience seconds, in a word:
#   open
#   refused      somebody answers that nothing is there
#   unreachable  somebody on the way, or this host, answers that there is no way
#   silent       nothing comes back
#   stalls       a connection comes about, and full packets get lost one way or the other
#   failed       this host cannot ask

# word_of STATUS TEXT: what an attempt to connect came to.
word_of() {
  case $1:$2 in
    124:*) echo silent ;;
    *refused*) echo refused ;;
    *"o route to host"* | *nreachable*) echo unreachable ;;
    *) echo failed ;;
  esac
}

# connects ADDRESS PORT
connects() {
  local said status=0
  said=$(timeout "$patience" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1) || status=$?
  if [ "$status" -eq 0 ]; then echo open; else word_of "$status" "$said"; fi
}

# request ADDRESS PORT WORDS ...: prints the seconds of the handshake, 0 where it was not ended.
request() {
  local address=$1 port=$2
  shift 2
  curl --insecure --silent --output /dev/null --noproxy '*' --max-time "$patience" --write-out '%{time_appconnect}' "$@" \
    "https://$address:$port/healthz"
}

# serves ADDRESS PORT: of a server that speaks TLS. A long header fills packets to it; its certificate may fill some back.
serves() {
  local status=0 shaken answer
  if ! command -v curl >/dev/null; then
    connects "$@"
    return
  fi
  shaken=$(request "$@" --header "X-Full-Packets: $(printf '%0*d' 8000 0)") || status=$?
  case $status:$shaken in
    # The server may be slow. Where a short question is answered, the packets of the long one were lost.
    28:*[1-9]*)
      status=0
      request "$@" >/dev/null || status=$?
      if [ "$status" -eq 28 ]; then echo open; else echo stalls; fi
      ;;
    # curl does not tell a handshake that stalls from a connection that nobody takes, nor a refusal from a route that is missing.
    7:* | 28:*)
      answer=$(connects "$@")
      if [ "$status:$answer" = 28:open ]; then answer=stalls; fi
      echo "$answer"
      ;;
    *) echo open ;;
  esac
}
