import type { Facts } from "../draft";
import type { Problems } from "../problems";

/** `all` would hide every check of kubeadm, the next version's too. */
export function validateIgnoredChecks({ input }: Facts, problems: Problems): void {
  for (const [index, name] of (input.ignorePreflightErrors ?? []).entries()) {
    if (name?.toLowerCase() !== "all") continue;
    problems.add(["ignorePreflightErrors", index], name, "switches off every preflight check of kubeadm", {
      allowed: "names of single checks, as SystemVerification",
    });
  }
}
