import type { Path, Problems } from "../settings/problems";
import type { SubjectInput } from "./input";
import type { TenancySurroundings } from "./surroundings";

const WAYS = ["user", "group", "serviceAccount"] as const;

/** One entry names one subject, and the API server will know it by that name. */
export function validateSubject(
  given: SubjectInput,
  path: Path,
  { written, refused }: TenancySurroundings,
  problems: Problems,
): void {
  if ([...WAYS, "source"].some((key) => refused([...path, key]))) return;
  const named = WAYS.filter((way) => given[way] !== undefined);
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
  const value = given[way] ?? "";
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
  if (given.source === "certificate" || refused("oidc")) return;
  if (written.oidc === undefined) {
    problems.add([...path, way], value, "needs an OIDC issuer, but oidc is not set", {
      allowed: "oidc, or source: certificate if a client certificate carries this name",
    });
    return;
  }
  if (way === "group" && written.oidc.groupsClaim === undefined) {
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

/** As a report names who is meant; undefined: nobody, or rejected. */
export function subjectName({ user, group, serviceAccount }: SubjectInput): string | undefined {
  return user ?? group ?? serviceAccount;
}
