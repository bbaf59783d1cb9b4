interface Group {
  readonly kinds: readonly string[];
  /** Finished versions; default v1 alone. */
  readonly versions?: readonly string[];
  /** Versions before v1 are served as well, some of them behind a feature gate. */
  readonly early?: true;
}

/**
 * Kubernetes' own groups and kinds in the versions that this library builds (Kubernetes 1.34 to 1.36, API reference; what
 * was served once is in the "Deprecated API Migration Guide").
 */
const SERVED: Readonly<Record<string, Group>> = {
  "": {
    kinds: [
      "Binding",
      "ConfigMap",
      "Endpoints",
      "Event",
      "LimitRange",
      "Namespace",
      "Node",
      "PersistentVolume",
      "PersistentVolumeClaim",
      "Pod",
      "PodTemplate",
      "ReplicationController",
      "ResourceQuota",
      "Secret",
      "Service",
      "ServiceAccount",
    ],
  },
  "admissionregistration.k8s.io": {
    kinds: [
      "MutatingAdmissionPolicy",
      "MutatingAdmissionPolicyBinding",
      "MutatingWebhookConfiguration",
      "ValidatingAdmissionPolicy",
      "ValidatingAdmissionPolicyBinding",
      "ValidatingWebhookConfiguration",
    ],
    early: true,
  },
  "apiextensions.k8s.io": { kinds: ["CustomResourceDefinition"] },
  "apiregistration.k8s.io": { kinds: ["APIService"] },
  apps: { kinds: ["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"] },
  autoscaling: { kinds: ["HorizontalPodAutoscaler"], versions: ["v1", "v2"] },
  batch: { kinds: ["CronJob", "Job"] },
  "certificates.k8s.io": {
    kinds: ["CertificateSigningRequest", "ClusterTrustBundle", "PodCertificateRequest"],
    early: true,
  },
  "coordination.k8s.io": { kinds: ["Lease", "LeaseCandidate"], early: true },
  "discovery.k8s.io": { kinds: ["EndpointSlice"] },
  "events.k8s.io": { kinds: ["Event"] },
  extensions: { kinds: [], versions: [] },
  "flowcontrol.apiserver.k8s.io": { kinds: ["FlowSchema", "PriorityLevelConfiguration"] },
  "networking.k8s.io": { kinds: ["Ingress", "IngressClass", "IPAddress", "NetworkPolicy", "ServiceCIDR"] },
  "node.k8s.io": { kinds: ["RuntimeClass"] },
  policy: { kinds: ["PodDisruptionBudget"] },
  "rbac.authorization.k8s.io": { kinds: ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"] },
  "resource.k8s.io": {
    kinds: ["DeviceClass", "DeviceTaintRule", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"],
    early: true,
  },
  "scheduling.k8s.io": { kinds: ["PodGroup", "PriorityClass", "Workload"], early: true },
  "storage.k8s.io": {
    kinds: [
      "CSIDriver",
      "CSINode",
      "CSIStorageCapacity",
      "StorageClass",
      "VolumeAttachment",
      "VolumeAttributesClass",
    ],
    early: true,
  },
  "storagemigration.k8s.io": { kinds: ["StorageVersionMigration"], early: true },
};

function groupAndVersion(apiVersion: string): [group: string, version: string] {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}

/** Whether the group is Kubernetes' own: its kinds need no definition. */
export function isServed(apiVersion: string): boolean {
  return Object.hasOwn(SERVED, groupAndVersion(apiVersion)[0]);
}

/** Why Kubernetes has no such kind; undefined for one that it has, and for kinds that are defined by somebody else. */
export function kindProblem(
  apiVersion: string,
  kind: string,
): { message: string; allowed: string } | undefined {
  const [group, version] = groupAndVersion(apiVersion);
  const known = Object.hasOwn(SERVED, group) ? SERVED[group] : undefined;
  if (known === undefined) return undefined;
  if (!known.kinds.includes(kind)) {
    const places = Object.entries(SERVED).flatMap(([name, one]) =>
      one.kinds
        .filter((other) => other.toLowerCase() === kind.toLowerCase())
        .map((other) => named(name, one, other)),
    );
    return {
      message: `is ${apiVersion} ${kind}, which Kubernetes does not have`,
      allowed: places.join(", ") || known.kinds.join(", "),
    };
  }
  const versions = known.versions ?? ["v1"];
  if (versions.includes(version) || (known.early === true && /^v\d+(alpha|beta)\d+$/.test(version)))
    return undefined;
  return {
    message: `is ${apiVersion} ${kind}, a version that is not served`,
    allowed: versions.map((one) => (group === "" ? one : `${group}/${one}`)).join(", "),
  };
}

function named(group: string, { versions = ["v1"] }: Group, kind: string): string {
  const last = versions[versions.length - 1] ?? "v1";
  return `${group === "" ? last : `${group}/${last}`} ${kind}`;
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SERVICE = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Groups whose names may have other characters (RBAC takes path segments, trust bundles colons). */
const FREE_NAMES: readonly string[] = [
  "rbac.authorization.k8s.io",
  "certificates.k8s.io",
  "networking.k8s.io",
];

/** Why an object of this kind cannot have this name (Kubernetes documentation, "Object Names and IDs"). */
export function nameProblem(
  apiVersion: string,
  kind: string,
  name: string,
): { message: string; allowed: string } | undefined {
  const [group] = groupAndVersion(apiVersion);
  const message = `has the name ${name}, which ${kind} objects cannot have`;
  if (group === "" && kind === "Namespace")
    return LABEL.test(name) ? undefined : { message, allowed: "at most 63 of a-z, 0-9 and -" };
  if (group === "" && kind === "Service")
    return SERVICE.test(name)
      ? undefined
      : { message, allowed: "at most 63 of a-z, 0-9 and -, a letter first" };
  if (FREE_NAMES.includes(group) && !["Ingress", "NetworkPolicy"].includes(kind))
    return /^(?!\.{1,2}$)[^/%]+$/.test(name) ? undefined : { message, allowed: "text without / and %" };
  return SUBDOMAIN.test(name) && name.length <= 253
    ? undefined
    : { message, allowed: "a-z, 0-9, - and ., a letter or digit first and last (RFC 1123)" };
}
