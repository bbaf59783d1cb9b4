import type { FixedFacts } from "../fixedFacts";

/** What a node carries in member.json, but for its state. */
export interface MemberFacts extends FixedFacts {
  readonly cluster: string;
  readonly machine: string;
  readonly generation: number;
  /** `ownerOf` the machine. */
  readonly owner: string;
  /** Kubernetes version the node is brought to. */
  readonly version: string;
  /** Digest of what was rendered for the node when it was last brought up to date. */
  readonly digest: string;
}
