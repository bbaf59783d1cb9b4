import type { Check } from "..";

/** What only settings of platform aws can get wrong. */
export const AWS_CHECKS: readonly Check[] = [];
