import { whenEnabled } from "../../core/enabled";
import type { Checked } from "../../settings/checked";
import type { Problems } from "../../settings/problems";
import type { AwsLayout } from "../layout";

/** Refuses two default classes: an Ingress that names none gets the newer one (Kubernetes, "Ingress", default IngressClass). */
export function validateDefaultClass(
  { input }: AwsLayout,
  problems: Problems,
  { settings: { addons } }: Checked,
): void {
  const { ingress } = addons;
  if (whenEnabled(input.loadBalancerController)?.defaultForIngresses !== true || ingress?.default !== true)
    return;
  problems.add(
    ["loadBalancerController", "defaultForIngresses"],
    true,
    `makes alb the default class, which ${ingress.className} of ingress is too`,
    { allowed: "false, or ingress.default: false" },
  );
}
