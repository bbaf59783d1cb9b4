import { ownerOf, type ImmutableSettings } from "../immutableSettings";
import type { NodeIdentity } from "./identity";
import { digestOf, filesOfNode } from "./files";
import type { NodeSpec } from "./spec";

/** SHA-256 in hex of what a node is configured by, and of its version: another one is brought to the node. */
export function nodeDigest(spec: NodeSpec): string {
  return digestOf(filesOfNode(spec), spec.kubernetesVersion);
}

/** @param cluster SHA-256 of the cluster CA's certificate */
export function nodeIdentity(spec: NodeSpec, fixed: ImmutableSettings, cluster: string): NodeIdentity {
  const { machine } = spec;
  return {
    cluster,
    machine: machine.name,
    revision: machine.revision,
    owner: ownerOf(machine),
    ...fixed,
    version: spec.kubernetesVersion,
    nodeAddress: machine.nodeAddress,
    digest: nodeDigest(spec),
  };
}
