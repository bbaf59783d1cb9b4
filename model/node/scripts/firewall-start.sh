# shellcheck shell=bash disable=SC2154,SC2034
# Variables: rules_file firewall_unit firewall_table

taken=0
nft -c -f "$rules_file" || taken=$?
case $taken in
  0) ;;
  139) die "nft crashes (status 139): another version of nft, as in a container, wrote rules that this one cannot read. Update the host's nftables, or remove those rules" ;;
  *) die "nft rejects $rules_file" ;;
esac
reload_units
if active "$firewall_unit" && ! nft list table "$firewall_table" >/dev/null 2>&1; then
  note "somebody flushed nftables: the rules of $firewall_unit were gone and have been loaded again"
  mark firewall-rules
fi
if marked firewall-rules && ! marked "$firewall_unit" && active "$firewall_unit"; then
  echo "reloading $firewall_unit"
  systemctl reload "$firewall_unit" || unit_failed "$firewall_unit"
fi
run_unit "$firewall_unit"
unmark firewall-rules
