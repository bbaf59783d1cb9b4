#!/usr/bin/env bash
# shellcheck disable=SC2154
# Variables: node_address firewall_table
# Uses: node/scripts/interface.sh
# Prelude: path
# Prints where a host stands in the network of nodes: interface, MTU, who filters there, and the rules of the cluster's own firewall.

interface=$(node_interface)
echo "##place $interface $(node_mtu "$interface")"
for tool in ufw firewalld; do
  if systemctl is-active --quiet "$tool.service" 2>/dev/null; then echo "##filter $tool"; fi
done
if command -v nft >/dev/null; then
  # Words on purpose: family and name.
  # shellcheck disable=SC2086
  rules=$(nft -j list table $firewall_table 2>/dev/null) && printf '##own %s\n' "$rules"
fi
exit 0
