# shellcheck shell=bash disable=SC2154,SC2034
# Variables: resolv_conf

check_resolvers() {
  local file server all="" loopback="" v4="" v6="" how="name servers that pods reach in coredns.upstreamServers, or a file that lists such in kubelet.config.resolvConf (Resolvers)"
  file=$resolv_conf
  if [ -z "$file" ]; then
    file=/etc/resolv.conf
    if systemctl is-active --quiet systemd-resolved.service; then file=/run/systemd/resolve/resolv.conf; fi
  fi
  if [ ! -r "$file" ]; then
    refuse resolvers "the kubelet would read its name servers from $file, which does not exist: set $how"
    return 0
  fi
  while read -r server; do
    all+=" $server"
    case $server in
      127.* | ::1 | 0.0.0.0 | :: | ::ffff:127.*) loopback+=" $server" ;;
      *:*) v6+=" $server" ;;
      *) v4+=" $server" ;;
    esac
  done < <(awk '$1 == "nameserver" { print $2 }' "$file")
  if [ -z "$all" ]; then
    refuse resolvers "$file names no name server, so CoreDNS cannot start: set $how"
  elif [ -n "$loopback" ]; then
    refuse resolvers "$file names${loopback}, which in CoreDNS' pod is CoreDNS itself: it would end with \"Loop detected\". Set $how"
  elif [ -z "$v4" ]; then
    refuse resolvers "$file names IPv6 name servers alone (${v6# }), and pods have IPv4 only: set $how"
  elif [ -n "$v6" ]; then
    note "$file names IPv6 name servers too (${v6# }), which pods cannot reach: every second answer may be slow"
  fi
}
