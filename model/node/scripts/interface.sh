# shellcheck shell=bash disable=SC2154
# Variables: node_address

node_interface() { ip -o -4 address show | awk -v address="$node_address" '{ split($4, part, "/"); if (part[1] == address) { print $2; exit } }'; }
# Of `ip`, as the interface is: a container may see another machine's /sys.
node_mtu() { { ip -o link show dev "${1%%@*}" 2>/dev/null || true; } | awk '{ for (i = 1; i < NF; i++) if ($i == "mtu") found = $(i + 1) } END { print found + 0 }'; }
