/** Parts that many objects of the Kubernetes API have. */
import { type ObjectMetadata, configHash, configHashAnnotation } from "../kubernetes";
import {
  type Container,
  type Manifest,
  type PodSpec,
  type PodTemplate,
  type PolicyRule,
  roleBinding,
} from "./manifest";

type Labels = Readonly<Record<string, string>>;

/** Metadata of an object in a namespace. */
type Placed = ObjectMetadata & { readonly namespace: string };

export const READ = ["get", "list", "watch"] as const;

/** Nodes of Linux, for images that are built for it alone. */
export const ON_LINUX = { "kubernetes.io/os": "linux" } as const;

/** What a pod has to tolerate that every node needs, whatever else is wrong with the node. */
export const EVERY_NODE: PodSpec["tolerations"] = [{ operator: "Exists" }];

/** Allows verbs on resources of one API group. */
export function allow(
  group: string,
  resources: readonly string[],
  verbs: readonly string[],
  resourceNames?: readonly string[],
): PolicyRule {
  return { apiGroups: [group], resources, ...(resourceNames && { resourceNames }), verbs };
}

/** A namespace that enforces a level of Pod Security. */
export function namespaceOf(
  name: string,
  level: "privileged" | "baseline" | "restricted",
  labels: Labels = {},
): Manifest<"v1/Namespace"> {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { ...labels, "pod-security.kubernetes.io/enforce": level } },
  };
}

export function clusterRole(
  name: string,
  labels: Labels | undefined,
  rules: readonly PolicyRule[],
): Manifest {
  const metadata = labels === undefined ? { name } : { name, labels };
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata, rules };
}

/** A Role and its binding to the ServiceAccount of the same namespace; its name is the role's where none is given. */
export function roleFor(metadata: Placed, rules: readonly PolicyRule[], account = metadata.name): Manifest[] {
  const { name, namespace, labels } = metadata;
  return [
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata, rules },
    roleBinding("Role", name, { name: account, namespace }, labels),
  ];
}

/** A ServiceAccount with a ClusterRole; the role has the account's name unless it is given one. */
export function accountWithRole(
  metadata: Placed,
  rules: readonly PolicyRule[],
  role = metadata.name,
): Manifest[] {
  const { name, namespace, labels } = metadata;
  return [
    serviceAccount(metadata),
    clusterRole(role, labels, rules),
    roleBinding("ClusterRole", role, { name, namespace }, labels),
  ];
}

export function serviceAccount(metadata: Placed): Manifest {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata };
}

export function configMap(metadata: Placed, data: Labels): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

export function daemonSet(metadata: Placed, spec: Manifest<"apps/v1/DaemonSet">["spec"]): Manifest {
  return { apiVersion: "apps/v1", kind: "DaemonSet", metadata, spec };
}

export function deployment(metadata: Placed, spec: Manifest<"apps/v1/Deployment">["spec"]): Manifest {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata, spec };
}

/** Drains take one pod at a time. Not `minAvailable`: with one replica that would stop every drain for good. */
export function disruptionBudget(metadata: Placed, matchLabels: Labels): Manifest {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata,
    spec: { maxUnavailable: 1, selector: { matchLabels } },
  };
}

/** Metadata of pods that are replaced when data changes that they read only when they start. */
export function readingOnce(labels: Labels, data: Labels): PodTemplate["metadata"] {
  return { labels, annotations: { [configHashAnnotation]: configHash(data) } };
}

/** Pods of these labels go to different places wherever there are enough. */
export function spread(
  matchLabels: Labels,
  topologyKey = "kubernetes.io/hostname",
): NonNullable<PodSpec["topologySpreadConstraints"]> {
  return [{ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels } }];
}

/** A variable with a field of the pod. */
export function fieldEnv(name: string, fieldPath: string): NonNullable<Container["env"]>[number] {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

/** A folder of the host, made where it is not there. */
export function hostFolder(
  name: string,
  path: string,
  type = "DirectoryOrCreate",
): NonNullable<PodSpec["volumes"]>[number] {
  return { name, hostPath: { path, type } };
}
