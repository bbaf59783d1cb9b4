import type { Checked } from "../checked";
import { entriesOf } from "../entries";
import type { Problems } from "../problems";

/** `all` would hide every check of kubeadm, the next version's too. */
export function validateIgnoredChecks({ written }: Checked, problems: Problems): void {
  for (const [index, name] of entriesOf(written.ignorePreflightErrors))
    if (name.toLowerCase() === "all")
      problems.add(["ignorePreflightErrors", index], name, "disables every preflight check of kubeadm", {
        allowed: "names of individual checks, such as SystemVerification",
      });
}
