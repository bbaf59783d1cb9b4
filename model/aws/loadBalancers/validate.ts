import { whenEnabled } from "../../core/enabled";
import type { Checked } from "../../settings/checked";
import type { Problems } from "../../settings/problems";
import type { AwsLayout } from "../layout";

/** Of two default classes an Ingress without one gets the newer (Kubernetes, "Ingress", default IngressClass). */
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
