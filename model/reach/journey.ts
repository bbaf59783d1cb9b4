/** One way that something of the cluster has to take, and how it went. */
export interface Journey {
  /** Why the flow must arrive. */
  readonly reason: string;
  readonly from: string;
  readonly to: string;
  /** `tcp 6443`. */
  readonly what: string;
  /** What the packet passes, in order. */
  readonly hops: readonly string[];
  /** What stops it; undefined where it arrives. */
  readonly blocked?: string;
}

/** A rule that lets something in or out, and that no journey needs. */
export interface UnusedRule {
  readonly rule: string;
  /** The security group or the host's firewall that it is in. */
  readonly where: string;
}

/** Walks one way; the walk fills the hops. */
export function journey(
  about: Pick<Journey, "reason" | "from" | "to" | "what">,
  walk: (hops: string[]) => string | undefined,
): Journey {
  const hops: string[] = [];
  const blocked = walk(hops);
  return { ...about, hops, ...(blocked === undefined ? {} : { blocked }) };
}
