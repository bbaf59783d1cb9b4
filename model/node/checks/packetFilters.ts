import { nodeScript } from "../paths";

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
  return nodeScript("report-filters", {
    filter_mark: MARKS.service,
    nft_mark: MARKS.nft,
    iptables_mark: MARKS.iptables,
  });
}
