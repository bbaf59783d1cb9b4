import { AWS_DEFAULTS } from "./awsDefaults";
import type { AwsPool } from "./resolvedAws";

type Percents = Pick<AwsPool, "minHealthyPercent" | "maxHealthyPercent">;

/** How far a pool may shrink and grow while it rolls; what was rejected counts as not given. */
export function healthyPercents(given: {
  readonly minHealthyPercent?: number | undefined;
  readonly maxHealthyPercent?: number | undefined;
}): Percents {
  const least = given.minHealthyPercent ?? AWS_DEFAULTS.minHealthyPercent;
  const { growing, shrinking } = AWS_DEFAULTS.maxHealthyPercent;
  return {
    minHealthyPercent: least,
    maxHealthyPercent: given.maxHealthyPercent ?? (least === 100 ? growing : shrinking),
  };
}
