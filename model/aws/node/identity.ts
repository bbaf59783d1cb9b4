import { paths } from "../../kubeadm/paths";

/** kubeadm's patch with the node's own provider id; it is beside the rendered ones, and is written on the host. */
const providerIdPatch = `${paths.patches}/kubeletconfiguration1+merge.yaml`;

/**
 * Sets `instance`, `zone`, `address` and `node` from the metadata service. Where a VPC has several domains the name has
 * several words; the first is the one that the cloud controller manager looks for.
 */
export function identityPart(): string {
  return `instance=$(aws imds meta-data/instance-id)
zone=$(aws imds meta-data/placement/availability-zone)
address=$(aws imds meta-data/local-ipv4)
node=$(aws imds meta-data/local-hostname)
node=\${node%% *}
`;
}

/** Needs `identityPart` before it. With it the cloud controller manager need not guess an instance by a node's name. */
export function providerIdPart(): string {
  return `mkdir -p ${paths.patches}
printf 'providerID: aws:///%s/%s\\n' "$zone" "$instance" >${providerIdPatch}
`;
}
