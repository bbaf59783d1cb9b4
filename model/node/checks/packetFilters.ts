/** Prints the rule sets of a host for `packetFilterProblems`, each line marked. A host without nft and iptables has none. */
export const MARKS = {
  nft: "##nft ",
  iptables: "##iptables ",
  /** A service that the cluster's own firewall takes the place of. */
  service: "##filter ",
} as const;

/**
 * `nft` of one version may crash on what another wrote: sets with user data of nft 1.1.2 and later kill nft 1.0.x
 * (kubernetes/kubernetes issue 136786).
 */
export function packetFilterReport(): string {
  return `
report_filters() {
  local status=0 text tool
  for tool in ufw firewalld; do
    if systemctl is-active --quiet "$tool.service" && { [ "$tool" != ufw ] || ufw status 2>/dev/null | grep -qx 'Status: active'; }; then
      echo "${MARKS.service}$tool"
    fi
  done
  if command -v nft >/dev/null; then
    text=$(nft -j -t list ruleset 2>/dev/null) || status=$?
    case $status in
      0) printf '${MARKS.nft}%s\\n' "$text" ;;
      139) refuse nftversion "nft crashes when it lists the rules (status 139): another version of nft, as in a container, wrote some that this one cannot read. Update the host's nftables, or remove those rules (NftVersion)" ;;
      *) note "nft cannot list the rules of this host (status $status): other packet filters are not looked at" ;;
    esac
  fi
  for tool in iptables-nft-save iptables-legacy-save iptables-save; do
    if ! command -v "$tool" >/dev/null; then continue; fi
    # It would load the kernel's old tables only to say that they are empty.
    if [ "$tool" = iptables-legacy-save ] && ! grep -qs . /proc/net/ip_tables_names; then continue; fi
    "$tool" 2>/dev/null | sed 's/^/${MARKS.iptables}/' || true
  done
}
report_filters
`;
}
