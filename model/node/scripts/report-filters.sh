# shellcheck shell=bash disable=SC2154,SC2034
# Variables: filter_mark nft_mark iptables_mark

report_filters() {
  local status=0 text tool
  for tool in ufw firewalld; do
    if systemctl is-active --quiet "$tool.service" && { [ "$tool" != ufw ] || ufw status 2>/dev/null | grep -qx 'Status: active'; }; then
      echo "$filter_mark$tool"
    fi
  done
  if command -v nft >/dev/null; then
    text=$(nft -j -t list ruleset 2>/dev/null) || status=$?
    case $status in
      0) printf '%s%s\n' "$nft_mark" "$text" ;;
      139) refuse nftversion "nft crashes when it lists the rules (status 139): another version of nft, as in a container, wrote some that this one cannot read. Update the host's nftables, or remove those rules (NftVersion)" ;;
      *) note "nft cannot list the rules of this host (status $status): other packet filters were not checked" ;;
    esac
  fi
  for tool in iptables-nft-save iptables-legacy-save iptables-save; do
    if ! command -v "$tool" >/dev/null; then continue; fi
    # It would load the kernel's old tables only to say that they are empty.
    if [ "$tool" = iptables-legacy-save ] && ! grep -qs . /proc/net/ip_tables_names; then continue; fi
    "$tool" 2>/dev/null | sed "s/^/$iptables_mark/" || true
  done
}
report_filters
