import { DEFAULTS } from "../defaults";
import { type Facts, pick } from "../draft";
import type { Problems } from "../problems";
import { isRegistryHost } from "../schema/primitives";

export function certificatesFit({ input }: Facts, problems: Problems): void {
  const certificates = input.certificates ?? {};
  const leafDays = pick(certificates, "leafDays", DEFAULTS.certificates.leafDays);
  const before = pick(certificates, "renewBeforeDays", DEFAULTS.certificates.renewBeforeDays);
  if (leafDays === undefined || before === undefined || before < leafDays) return;
  const key = certificates.renewBeforeDays === undefined ? "leafDays" : "renewBeforeDays";
  const [value, message, allowed] =
    key === "leafDays"
      ? [leafDays, `is no longer than renewBeforeDays ${before}`, `more than ${before}`]
      : [
          before,
          `is no less than leafDays ${leafDays}: certificates would be renewed all the time`,
          `less than ${leafDays}`,
        ];
  problems.add(["certificates", key], value, message, { allowed });
}

/** What stands twice in a list says that one of the two was meant differently. */
export function listsHaveNoDoubles({ input }: Facts, problems: Problems): void {
  const lists: [(string | number)[], readonly (string | undefined)[]][] = [
    [["encryption", "keys"], input.encryption?.keys ?? []],
    [["network", "peers"], (input.network?.peers ?? []).map((peer) => peer?.name)],
  ];
  for (const [path, values] of lists) {
    values.forEach((value, index) => {
      if (value === undefined || values.indexOf(value) === index) return;
      const place = path[1] === "peers" ? [...path, index, "name"] : [...path, index];
      problems.add(place, value, "stands twice", { allowed: "each once" });
    });
  }
}

export function registriesAreNamed({ input }: Facts, problems: Problems): void {
  for (const registry of Object.keys(input.images?.mirrors ?? {})) {
    // containerd docs/hosts.md: the folder is the registry's host with an optional port, or _default.
    if (registry === "_default" || isRegistryHost(registry)) continue;
    problems.add(["images", "mirrors", registry], registry, "is no host of a registry", {
      allowed: "a host with an optional port and no scheme or path, as registry.k8s.io, or _default",
    });
  }
}

/** kube-apiserver refuses --authentication-config together with --oidc-*: both say who is whom. */
export function oneWayToLogIn({ input }: Facts, problems: Problems): void {
  const file = input.apiServer?.extraArgs?.["authentication-config"];
  if (file === undefined || input.oidc === undefined) return;
  problems.add(["apiServer", "extraArgs", "authentication-config"], file, "cannot stand beside oidc", {
    allowed: "one of the two",
  });
}
