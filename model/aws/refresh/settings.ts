/** How a pool replaces its nodes, in the words of a Deployment. An Auto Scaling group takes percentages only. */
export interface RefreshInput {
  /**
   * Share of nodes that may be unavailable during a rolling replacement, such as `25%`. With `0%` an old node leaves
   * only when a new one is Ready.
   *
   * @defaultValue `0%`
   */
  maxUnavailable?: string;
  /**
   * Share of nodes beyond the pool's size during a rolling replacement. At most `100%` together with
   * `maxUnavailable`; they cannot both be `0%`.
   *
   * @defaultValue `10%`; `0%` if `maxUnavailable` is more than that
   */
  maxSurge?: string;
}

/** The same, as the API of Auto Scaling has it (RefreshPreferences). */
export interface RefreshPercents {
  /** Percentage of the pool that stays in service during a rolling refresh; default 100: a new node is Ready before an old one ends. */
  readonly minHealthyPercent: number;
  /** Percentage that the pool may grow to during a rolling refresh; default 110, and 100 where less than all stay in service. */
  readonly maxHealthyPercent: number;
}

/** One in ten at a time, and none away: a template that does not boot costs the pool nothing. */
const DEFAULT_SURGE = 10;

/** Percent of `25%`. */
function percent(share: string): number {
  return Number(share.slice(0, -1));
}

/** Nodes that a pool of so many comes to while it rolls. A share is of the pool's size, and its largest size bounds it not. */
export function mostWhileRolling(nodes: number, { maxHealthyPercent }: RefreshPercents): number {
  return nodes + Math.ceil((nodes * (maxHealthyPercent - 100)) / 100);
}

/** How far a pool may shrink and grow while it rolls; what was rejected counts as not given. */
export function refreshPercents(given: {
  readonly maxUnavailable?: string | undefined;
  readonly maxSurge?: string | undefined;
}): RefreshPercents {
  const away = percent(given.maxUnavailable ?? "0%");
  const surge = given.maxSurge === undefined ? (away === 0 ? DEFAULT_SURGE : 0) : percent(given.maxSurge);
  return { minHealthyPercent: 100 - away, maxHealthyPercent: 100 + surge };
}
