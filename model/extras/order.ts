import type { KubernetesObject } from "../kubernetes";
import { groupOf, identityOf } from "./read";

const CRD_GROUP = "apiextensions.k8s.io";

export function isNamespace(object: KubernetesObject): boolean {
  return object.kind === "Namespace" && groupOf(object.apiVersion) === "";
}

export function isDefinition(object: KubernetesObject): boolean {
  return object.kind === "CustomResourceDefinition" && groupOf(object.apiVersion) === CRD_GROUP;
}

/**
 * Whether something outside the cluster may stand behind it, as a load balancer or a disk: such an object is deleted before
 * its cluster is, or what is outside would stay.
 */
export function ownsOutside({ kind, spec }: KubernetesObject): boolean {
  const { type, volumeClaimTemplates } = (spec ?? {}) as { type?: unknown; volumeClaimTemplates?: unknown };
  switch (kind) {
    case "Service":
      return type === "LoadBalancer";
    case "StatefulSet":
      return Array.isArray(volumeClaimTemplates) && volumeClaimTemplates.length > 0;
    case "PersistentVolumeClaim":
    case "PersistentVolume":
    case "Ingress":
    case "Gateway":
      return true;
    default:
      return false;
  }
}

/** Group and kind that a CustomResourceDefinition makes known. */
function definedBy(object: KubernetesObject): string | undefined {
  const spec = object.spec as { group?: unknown; names?: { kind?: unknown } } | undefined;
  const { group } = spec ?? {};
  const kind = spec?.names?.kind;
  return typeof group === "string" && typeof kind === "string" ? `${group}/${kind}` : undefined;
}

/** Kinds that pods start from: they are there before what runs. */
const FIRST = new Set([
  "ServiceAccount",
  "ConfigMap",
  "Secret",
  "Role",
  "RoleBinding",
  "ClusterRole",
  "ClusterRoleBinding",
  "PersistentVolumeClaim",
  "StorageClass",
  "PriorityClass",
  "ResourceQuota",
  "LimitRange",
  "NetworkPolicy",
]);

export interface Ordered<T> {
  readonly item: T;
  /** Positions in the list of what has to be there before; all of them come earlier. */
  readonly after: readonly number[];
}

/**
 * Namespaces, then definitions of kinds, then what pods start from, then the rest, each as it was written. An object comes
 * after its namespace and after the definition of its kind, where they are among the others; what runs also after all
 * that pods of its namespace start from.
 */
export function inOrder<T extends { readonly object: KubernetesObject }>(items: readonly T[]): Ordered<T>[] {
  const sorted = [...items].sort((left, right) => stage(left.object) - stage(right.object));
  const places = new Map(sorted.map(({ object }, index) => [identityOf(object), index]));
  const definitions = new Map(
    sorted.flatMap(({ object }, index) => {
      const defined = isDefinition(object) ? definedBy(object) : undefined;
      return defined === undefined ? [] : [[defined, index] as const];
    }),
  );
  return sorted.map((item) => {
    const { object } = item;
    const { namespace } = object.metadata;
    const own = stage(object);
    const after = new Set<number>();
    const home = namespace === undefined ? undefined : places.get(["", "Namespace", "", namespace].join("/"));
    if (home !== undefined) after.add(home);
    const definition = definitions.get(`${groupOf(object.apiVersion)}/${object.kind}`);
    if (definition !== undefined) after.add(definition);
    if (own === LAST)
      sorted.forEach(({ object: other }, index) => {
        const same = other.metadata.namespace === namespace || other.metadata.namespace === undefined;
        if (same && stage(other) === LAST - 1) after.add(index);
      });
    return { item, after: [...after].sort((left, right) => left - right) };
  });
}

const LAST = 3;

function stage(object: KubernetesObject): number {
  if (isNamespace(object)) return 0;
  if (isDefinition(object)) return 1;
  return FIRST.has(object.kind) ? LAST - 1 : LAST;
}
