import type { ImmutableSettings } from "../immutableSettings";

/** What a node carries in node.json, but for its state. */
export interface NodeIdentity extends ImmutableSettings {
  /** SHA-256 of the cluster CA's certificate: which cluster the node is of. */
  readonly cluster: string;
  /** The machine's name in the settings. */
  readonly machine: string;
  /** `Machine.revision`; a raised one is another node. */
  readonly revision: number;
  /** Which node step the node is: role, pool, machine and revision in one (`ownerOf`). */
  readonly owner: string;
  /** Kubernetes version the node is brought to. */
  readonly version: string;
  /** IPv4 address that the node joined with; not in records of older releases of the library. */
  readonly nodeAddress?: string;
  /** `nodeDigest`: of what was rendered for the node when it was last brought up to date. */
  readonly digest: string;
}
