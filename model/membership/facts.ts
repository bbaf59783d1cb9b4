import type { FixedFacts } from "../fixedFacts";

/** What a node carries in member.json, but for its state. */
export interface MemberFacts extends FixedFacts {
  /** SHA-256 of the cluster CA's certificate: which cluster the node is of. */
  readonly cluster: string;
  /** The machine's name in the settings. */
  readonly machine: string;
  /** `Machine.revision`; a raised one is another membership. */
  readonly revision: number;
  /** Which membership the node is: role, pool, machine and revision in one (`ownerOf`). */
  readonly owner: string;
  /** Kubernetes version the node is brought to. */
  readonly version: string;
  /** IPv4 address that the node joined with; not in records of older releases of the library. */
  readonly nodeAddress?: string;
  /** `memberDigest`: of what was rendered for the node when it was last brought up to date. */
  readonly digest: string;
}
