import { fixedFacts, ownerOf } from "../fixedFacts";
import type { ClusterSettings, Machine } from "../settings/resolved";
import type { MemberFacts } from "./facts";
import { digestOf, memberFiles } from "./files";

/** SHA-256 in hex of what a node is configured by, and of its version: another one is brought to the node. */
export function memberDigest(settings: ClusterSettings, machine: Machine): string {
  return digestOf(memberFiles(settings, machine), settings.kubernetesVersion);
}

/** @param cluster SHA-256 of the cluster CA's certificate */
export function memberFacts(settings: ClusterSettings, machine: Machine, cluster: string): MemberFacts {
  return {
    cluster,
    machine: machine.name,
    revision: machine.revision,
    owner: ownerOf(machine),
    ...fixedFacts(settings),
    version: settings.kubernetesVersion,
    nodeAddress: machine.nodeAddress,
    digest: memberDigest(settings, machine),
  };
}
