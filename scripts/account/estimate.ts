import { monthlyCost } from "../../model/aws/cost";
import { quotaUse } from "../../model/aws/quotas";
import { awsOf } from "../../model/aws/spec";
import type { ClusterSettings } from "../../model/settings/resolved";

/** A run takes about two hours; a step that waits for its time limit takes another. */
const HOURS = 3;
/** A month, as AWS' pricing pages count it. */
const MONTH_HOURS = 730;
/** Prices of the model are of us-east-1; other regions cost up to half as much again. */
const REGION_FACTOR = 1.5;
/** US dollars: a load balancer and a volume that the run creates, traffic of images, flow logs. */
const EXTRAS = 2;
/** Priced by what is written, of which hours give little: among the extras. */
const BY_TRAFFIC = /^flow logs/;

export interface Estimate {
  /** US dollars, rounded up. */
  readonly cost: number;
  readonly hours: number;
  /** Names of what has no price here. */
  readonly unknown: readonly string[];
}

/** What a run may cost: everything at its most, for longer than it takes. */
export function estimate(settings: ClusterSettings): Estimate {
  const month = monthlyCost(settings);
  return {
    cost: Math.ceil((month.to * HOURS * REGION_FACTOR) / MONTH_HOURS + EXTRAS),
    hours: HOURS,
    unknown: month.unknown.filter((name) => !BY_TRAFFIC.test(name)),
  };
}

/** Why the run must not start; undefined: it may. */
export function budgetRefusal(
  { cost, hours, unknown }: Estimate,
  budget: number | undefined,
): string | undefined {
  const told = `the run costs about ${cost} US dollars for ${hours} hours at the most`;
  if (unknown.length > 0)
    return `${told}, without ${unknown.join(", ")}, which have no price in this library: use other instance types`;
  if (budget === undefined) return `${told}: name a budget with --budget`;
  return cost > budget ? `${told}, more than the budget of ${budget}` : undefined;
}

/** A quota that the account is asked for. */
export interface QuotaNeed {
  readonly name: string;
  readonly code: string;
  readonly need: number;
}

export function quotaNeeds(settings: ClusterSettings): QuotaNeed[] {
  return quotaUse(awsOf(settings)).map(({ name, code, to }) => ({ name, code, need: to }));
}
