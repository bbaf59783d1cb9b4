import type { ClusterFacts, NodeFact } from "./clusterFacts";
import type { ExpectedCluster, ExpectedHost } from "./expected";
import type { HostFacts } from "./facts";

/** One thing that is not as it should be: its cause, and what cures it. */
export interface Finding {
  /** Name of the judgement, for CI that lets some pass. */
  readonly check: string;
  /** The machine's name, or `cluster`. */
  readonly where: string;
  readonly what: string;
  /** The command, or the setting. */
  readonly cure: string;
}

export type Verdict = Omit<Finding, "check" | "where">;

/** What a judgement of one host sees. */
export interface HostView {
  readonly cluster: ExpectedCluster;
  readonly expected: ExpectedHost;
  readonly facts: HostFacts;
  /** Its Node; undefined: it has none, or the API does not answer. */
  readonly node?: NodeFact;
}

/** What a judgement of the cluster sees. */
export interface ClusterView {
  readonly expected: ExpectedCluster;
  readonly facts: ClusterFacts;
  /** By the machine's name; those that answered. */
  readonly hosts: Readonly<Record<string, HostFacts>>;
}

/** One row: a name, and how it is judged. */
export type Judgement =
  | { readonly name: string; readonly of: "host"; readonly judge: (view: HostView) => Verdict[] }
  | { readonly name: string; readonly of: "cluster"; readonly judge: (view: ClusterView) => Verdict[] };
