import { fixedFacts, ownerOf } from "../fixedFacts";
import type { ClusterSettings, Machine } from "../settings/resolved";
import { memberDigest } from "./files";

/** What a node carries in member.json, but for its state. */
export interface MemberFacts {
  readonly cluster: string;
  readonly machine: string;
  readonly generation: number;
  /** `ownerOf` the machine. */
  readonly owner: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly endpoint: string;
  /** Kubernetes version the node is brought to. */
  readonly version: string;
  /** Digest of what was rendered for the node when it was last brought up to date. */
  readonly digest: string;
}

/** @param cluster SHA-256 of the cluster CA's certificate */
export function memberFacts(settings: ClusterSettings, machine: Machine, cluster: string): MemberFacts {
  return {
    cluster,
    machine: machine.name,
    generation: machine.generation,
    owner: ownerOf(machine),
    ...fixedFacts(settings),
    version: settings.kubernetesVersion,
    digest: memberDigest(settings, machine),
  };
}
