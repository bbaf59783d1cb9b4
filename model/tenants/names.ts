import { LABEL_DOMAIN } from "../core/labelDomain";
import { ADDON_NAMESPACES } from "../addons";
import { CNI_PROFILES } from "../cni";

/** Says that a namespace is a tenant's, for selectors of other objects. */
export const TENANT_LABEL = `${LABEL_DOMAIN}/tenant`;

/** Namespaces that a cluster has from the start (Kubernetes documentation, "Namespaces: Initial namespaces"). */
export const FIRST_NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"] as const;

/** Namespaces that a cluster or one of the library's parts may have: nobody else's objects go there unasked. */
export const LIBRARY_NAMESPACES: readonly string[] = [
  ...new Set([
    ...FIRST_NAMESPACES,
    ...ADDON_NAMESPACES,
    ...Object.values(CNI_PROFILES).flatMap((facts) => facts.namespaces),
  ]),
].sort();

/** Why a tenant cannot have this name; undefined when it can. */
export function reservedName(name: string): string | undefined {
  if (name.startsWith("kube-")) return "is reserved: names that begin with kube- are Kubernetes' own";
  return LIBRARY_NAMESPACES.includes(name) ? "is a namespace of the cluster itself" : undefined;
}

/** Group and common name in the client certificate of a tenant; a separate prefix, which no issuer's groups may have. */
export function tenantGroup(name: string): string {
  return `tenant:${name}`;
}
