/** When a certificate is due: common_cert.go and attribute_plan_modifier_bool/default_value.go. */
import { now } from "../shared/clock";
import type { Values } from "../shared/values";

/** modifyPlanIfCertificateReadyForRenewal: whether the time for an early renewal has come. */
export function isDue(state: Values, earlyRenewalHours: unknown): boolean {
  const end = state["validityEndTime"];
  if (typeof end !== "string") return false;
  const time = Date.parse(end);
  if (Number.isNaN(time)) throw new Error(`Failed to parse data from string: ${end}`);
  return now().getTime() >= time - Number(earlyRenewalHours ?? 0) * 3_600_000;
}

/** Planned value of `readyForRenewal`: true from the start where the early renewal covers the whole validity. */
export function plannedReadiness(inputs: Values): boolean {
  const validity = Number(inputs["validityPeriodHours"]);
  return validity === 0 || Number(inputs["earlyRenewalHours"] ?? 0) >= validity;
}
