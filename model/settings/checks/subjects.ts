import type { Draft, Facts } from "../draft";
import type { Path, Problems } from "../problems";

/** As settings name somebody; refused parts are undefined. */
export type DraftSubject = Draft<{
  user?: string;
  group?: string;
  serviceAccount?: string;
  source?: "oidc" | "certificate";
}>;

const WAYS = ["user", "group", "serviceAccount"] as const;

/** One entry names one subject, and the API server will know it by that name. */
export function subjectIsKnown(given: DraftSubject, path: Path, { input }: Facts, problems: Problems): void {
  const named = WAYS.filter((way) => way in given);
  const [way, second] = named;
  if (way === undefined) {
    problems.add(path, undefined, "names nobody", { allowed: "one of user, group, serviceAccount" });
    return;
  }
  if (second !== undefined) {
    problems.add([...path, second], given[second], `cannot be combined with ${way}`, {
      allowed: "one of user, group, serviceAccount; one entry for each subject",
    });
    return;
  }
  const value = given[way];
  if (value === undefined || ("source" in given && given.source === undefined)) return;
  if (way === "serviceAccount") {
    if (given.source !== undefined) {
      problems.add([...path, "source"], given.source, "does not apply to a service account", {
        allowed: "no source",
      });
    }
    return;
  }
  if (value.startsWith("system:")) {
    problems.add([...path, way], value, "is a name that Kubernetes reserves", {
      allowed: "a user or group of people, or serviceAccount: namespace/name",
    });
    return;
  }
  if (given.source === "certificate") return;
  if (!("oidc" in input)) {
    problems.add([...path, way], value, "needs an OIDC issuer, but oidc is not set", {
      allowed: "oidc, or source: certificate if a client certificate carries this name",
    });
    return;
  }
  if (way === "group" && input.oidc !== undefined && !("groupsClaim" in input.oidc)) {
    problems.add(
      [...path, way],
      value,
      "is a group, but oidc.groupsClaim does not name the claim that lists groups",
      {
        allowed: "oidc.groupsClaim, such as groups; or user",
      },
    );
  }
}

/** The same subject in the same role twice says that one was meant differently. */
export function noneStandsTwice(
  entries: readonly { readonly path: Path; readonly value: unknown; readonly key: string }[],
  problems: Problems,
): void {
  const seen = new Set<string>();
  for (const { path, value, key } of entries) {
    if (seen.has(key)) problems.add(path, value, "is listed twice", { allowed: "each once" });
    seen.add(key);
  }
}
