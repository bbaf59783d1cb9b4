import type { Facts } from "../draft";
import type { Problems } from "../problems";

/** One rule across settings; adds what it finds. */
export type Check = (facts: Facts, problems: Problems) => void;

const CHECKS: readonly Check[] = [];

/** Everything that one value alone cannot tell. */
export function crossChecks(
  facts: Facts,
  _secrets: Readonly<Record<string, unknown>> | undefined,
  problems: Problems,
): void {
  for (const check of CHECKS) check(facts, problems);
}
