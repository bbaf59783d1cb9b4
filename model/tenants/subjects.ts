import { groupsPrefix, usernamePrefix } from "../kubeadm/authentication";
import type { OidcSettings } from "../settings/resolved";
import type { Subject } from "./settings";

/** As the settings name somebody. */
export interface GivenSubject {
  readonly user?: string;
  readonly group?: string;
  readonly serviceAccount?: string;
  readonly source?: "oidc" | "certificate";
}

/** Who is meant, by the name the API server knows: an issuer's names get the prefixes that `oidc` gives them. */
export function subjectOf(given: GivenSubject, oidc: OidcSettings | undefined): Subject {
  const { user, group, serviceAccount } = given;
  if (serviceAccount !== undefined) {
    const [namespace = "", name = ""] = serviceAccount.split("/");
    return { kind: "ServiceAccount", namespace, name };
  }
  const issuer = given.source === "certificate" ? undefined : oidc;
  if (user !== undefined)
    return { kind: "User", name: `${issuer === undefined ? "" : usernamePrefix(issuer)}${user}` };
  return { kind: "Group", name: `${issuer === undefined ? "" : groupsPrefix(issuer)}${group ?? ""}` };
}

/** As an entry of `subjects` in a binding. */
export function bindingSubject(subject: Subject): {
  apiGroup?: string;
  kind: string;
  name: string;
  namespace?: string;
} {
  return subject.kind === "ServiceAccount"
    ? { kind: subject.kind, name: subject.name, namespace: subject.namespace }
    : { apiGroup: "rbac.authorization.k8s.io", kind: subject.kind, name: subject.name };
}
