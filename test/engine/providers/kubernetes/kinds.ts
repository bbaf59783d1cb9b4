/** What is known of kinds without asking a cluster (kinds/kinds.go, provider/diff.go). */
import type { Gvk, KubeObject } from "./objects";
import { apiVersionOf, gvkOf, pluck } from "./objects";

/** Versions that are built into Kubernetes, not defined by a CRD (kinds.go, KnownGroupVersions; the current ones). */
export const builtInVersions: ReadonlySet<string> = new Set([
  "v1",
  "core/v1",
  "admissionregistration.k8s.io/v1",
  "apiextensions.k8s.io/v1",
  "apiregistration.k8s.io/v1",
  "apps/v1",
  "autoscaling/v1",
  "autoscaling/v2",
  "batch/v1",
  "certificates.k8s.io/v1",
  "coordination.k8s.io/v1",
  "discovery.k8s.io/v1",
  "events.k8s.io/v1",
  "flowcontrol.apiserver.k8s.io/v1",
  "networking.k8s.io/v1",
  "node.k8s.io/v1",
  "policy/v1",
  "rbac.authorization.k8s.io/v1",
  "resource.k8s.io/v1",
  "scheduling.k8s.io/v1",
  "storage.k8s.io/v1",
]);

/** Built-in kinds that are in no namespace (kinds.go, Kind.Namespaced). */
const clusterScoped: ReadonlySet<string> = new Set([
  "APIService",
  "CertificateSigningRequest",
  "ClusterRole",
  "ClusterRoleBinding",
  "CSIDriver",
  "CSINode",
  "CustomResourceDefinition",
  "DeviceClass",
  "FlowSchema",
  "IngressClass",
  "IPAddress",
  "MutatingWebhookConfiguration",
  "Namespace",
  "Node",
  "PersistentVolume",
  "PriorityClass",
  "PriorityLevelConfiguration",
  "ResourceSlice",
  "RuntimeClass",
  "ServiceCIDR",
  "StorageClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
  "VolumeAttachment",
  "VolumeAttributesClass",
]);

/** Undefined where only a CRD or the API server can tell; `XPatch` is as X (clients.go, IsNamespacedKind). */
export function builtInNamespaced(gvk: Gvk): boolean | undefined {
  if (!builtInVersions.has(apiVersionOf(gvk))) return undefined;
  return !clusterScoped.has(gvk.kind.replace(/Patch$/, ""));
}

const selector = ["spec.selector"];
const podSpecFields = [
  "affinity",
  "automountServiceAccountToken",
  "dnsConfig",
  "dnsPolicy",
  "enableServiceLinks",
  "hostAliases",
  "hostIPC",
  "hostNetwork",
  "hostPID",
  "hostname",
  "imagePullSecrets",
  "nodeName",
  "nodeSelector",
  "overhead",
  "preemptionPolicy",
  "priority",
  "priorityClassName",
  "readinessGates",
  "restartPolicy",
  "runtimeClassName",
  "schedulerName",
  "securityContext",
  "serviceAccount",
  "serviceAccountName",
  "shareProcessNamespace",
  "subdomain",
  "terminationGracePeriodSeconds",
  "volumes",
];
const containerFields = [
  "args",
  "command",
  "env",
  "image",
  "imagePullPolicy",
  "lifecycle",
  "livenessProbe",
  "ports",
  "readinessProbe",
  "resources",
  "securityContext",
  "stdin",
  "stdinOnce",
  "terminationMessagePath",
  "terminationMessagePolicy",
  "tty",
  "volumeDevices",
  "volumeMounts",
  "workingDir",
];

/** Paths whose change replaces the object, by `group/version/kind`; `*` stands for any index (diff.go, forceNew). */
const replacing: Readonly<Record<string, readonly string[]>> = {
  "apps/v1/DaemonSet": selector,
  "apps/v1/Deployment": selector,
  "apps/v1/StatefulSet": [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    ...selector,
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/v1/Job": ["spec.completions", "spec.parallelism", ...selector, "spec.template"],
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/v1/RoleBinding": ["roleRef"],
  "storage.k8s.io/v1/StorageClass": ["parameters", "provisioner"],
  "v1/PersistentVolumeClaim": ["spec.accessModes", ...selector, "spec.storageClassName", "spec.volumeName"],
  "v1/Pod": [
    ...podSpecFields.map((field) => `spec.${field}`),
    ...["containers", "initContainers"].flatMap((list) =>
      containerFields.map((field) => `spec.${list}.*.${field}`),
    ),
  ],
  "v1/ResourceQuota": ["spec.scopes"],
  "v1/Service": ["spec.clusterIP"],
};

/** Name and namespace of any object (diff.go, metadataForceNewProperties); a Patch resource has only these. */
export const identityFields = ["metadata.name", "metadata.namespace"] as const;

export interface Mutability {
  readonly enableConfigMapMutable: boolean;
  readonly enableSecretMutable: boolean;
}

/** Paths whose change replaces this object (diff.go, forceNewProperties). */
export function replacingFields(object: KubeObject, options: Mutability): readonly string[] {
  const gvk = gvkOf(object);
  const id = `${apiVersionOf(gvk)}/${gvk.kind}`;
  const immutable = pluck(object, "immutable") === true;
  if (id === "v1/Secret") {
    const data = !options.enableSecretMutable || immutable;
    return [...identityFields, "type", ...(data ? ["stringData", "data"] : [])];
  }
  if (id === "v1/ConfigMap") {
    const data = !options.enableConfigMapMutable || immutable;
    return [...identityFields, ...(data ? ["binaryData", "data"] : [])];
  }
  return [...identityFields, ...(replacing[id] ?? [])];
}

/** Whether `pulumi.com/skipAwait` also skips the wait for an object of this kind to be gone (metadata/overrides.go). */
export function mayLeaveDeletionAlone({ group, kind }: Gvk): boolean {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    "": ["Namespace", "Pod", "ReplicationController"],
    apps: ["DaemonSet", "Deployment", "StatefulSet"],
    batch: ["Job"],
  };
  return kinds[group]?.includes(kind) ?? false;
}
