import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ObjectMetadata } from "../../model/kubernetes";

/** Kinds that this library's manifests are made of; a manifest of another kind needs its row below. */
export type ManifestKind =
  | "v1/Namespace"
  | "node.k8s.io/v1/RuntimeClass"
  | "v1/ServiceAccount"
  | "v1/ConfigMap"
  | "v1/Service"
  | "rbac.authorization.k8s.io/v1/ClusterRole"
  | "rbac.authorization.k8s.io/v1/ClusterRoleBinding"
  | "rbac.authorization.k8s.io/v1/Role"
  | "rbac.authorization.k8s.io/v1/RoleBinding"
  | "apps/v1/DaemonSet"
  | "apps/v1/Deployment"
  | "policy/v1/PodDisruptionBudget"
  | "storage.k8s.io/v1/StorageClass"
  | "networking.k8s.io/v1/IngressClass"
  | "networking.k8s.io/v1/Ingress"
  | "apiregistration.k8s.io/v1/APIService"
  | "operator.tigera.io/v1/Installation"
  | "operator.tigera.io/v1/APIServer"
  | "crd.projectcalico.org/v1/FelixConfiguration"
  | "crd.projectcalico.org/v1/BGPConfiguration"
  | "crd.projectcalico.org/v1/BGPPeer"
  | "metallb.io/v1beta1/IPAddressPool"
  | "metallb.io/v1beta1/L2Advertisement"
  | "metallb.io/v1beta1/BGPAdvertisement"
  | "metallb.io/v1beta2/BGPPeer";

/** `never` for the arguments: the manifest is plain data, and the API server judges it. */
type ResourceConstructor = new (
  name: string,
  args: never,
  opts?: pulumi.CustomResourceOptions,
) => pulumi.CustomResource;

interface KindFacts {
  readonly resource: ResourceConstructor;
  /**
   * Objects of a lower stage exist before those of a higher one. A Service stands with the workloads: the provider waits
   * until it has endpoints, so it must not be what they wait for.
   */
  readonly stage: 0 | 1 | 2;
}

const kinds: Record<ManifestKind, KindFacts> = {
  "v1/Namespace": { resource: k8s.core.v1.Namespace, stage: 0 },
  "node.k8s.io/v1/RuntimeClass": { resource: k8s.node.v1.RuntimeClass, stage: 0 },
  "v1/ServiceAccount": { resource: k8s.core.v1.ServiceAccount, stage: 1 },
  "v1/ConfigMap": { resource: k8s.core.v1.ConfigMap, stage: 1 },
  "v1/Service": { resource: k8s.core.v1.Service, stage: 2 },
  "rbac.authorization.k8s.io/v1/ClusterRole": { resource: k8s.rbac.v1.ClusterRole, stage: 1 },
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": { resource: k8s.rbac.v1.ClusterRoleBinding, stage: 1 },
  "rbac.authorization.k8s.io/v1/Role": { resource: k8s.rbac.v1.Role, stage: 1 },
  "rbac.authorization.k8s.io/v1/RoleBinding": { resource: k8s.rbac.v1.RoleBinding, stage: 1 },
  "apps/v1/DaemonSet": { resource: k8s.apps.v1.DaemonSet, stage: 2 },
  "apps/v1/Deployment": { resource: k8s.apps.v1.Deployment, stage: 2 },
  "policy/v1/PodDisruptionBudget": { resource: k8s.policy.v1.PodDisruptionBudget, stage: 1 },
  "storage.k8s.io/v1/StorageClass": { resource: k8s.storage.v1.StorageClass, stage: 1 },
  "networking.k8s.io/v1/IngressClass": { resource: k8s.networking.v1.IngressClass, stage: 1 },
  "networking.k8s.io/v1/Ingress": { resource: k8s.networking.v1.Ingress, stage: 2 },
  "apiregistration.k8s.io/v1/APIService": { resource: k8s.apiregistration.v1.APIService, stage: 2 },
  "operator.tigera.io/v1/Installation": { resource: k8s.apiextensions.CustomResource, stage: 1 },
  "operator.tigera.io/v1/APIServer": { resource: k8s.apiextensions.CustomResource, stage: 2 },
  "crd.projectcalico.org/v1/FelixConfiguration": { resource: k8s.apiextensions.CustomResource, stage: 1 },
  "crd.projectcalico.org/v1/BGPConfiguration": { resource: k8s.apiextensions.CustomResource, stage: 1 },
  "crd.projectcalico.org/v1/BGPPeer": { resource: k8s.apiextensions.CustomResource, stage: 1 },
  "metallb.io/v1beta1/IPAddressPool": { resource: k8s.apiextensions.CustomResource, stage: 1 },
  "metallb.io/v1beta1/L2Advertisement": { resource: k8s.apiextensions.CustomResource, stage: 2 },
  "metallb.io/v1beta1/BGPAdvertisement": { resource: k8s.apiextensions.CustomResource, stage: 2 },
  "metallb.io/v1beta2/BGPPeer": { resource: k8s.apiextensions.CustomResource, stage: 1 },
};

/** An object whose contents are known later; its name and its kind decide what there is, and are plain. */
export interface LateObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Omit<ObjectMetadata, "annotations"> & {
    readonly annotations?: Readonly<Record<string, pulumi.Input<string>>>;
  };
  readonly [field: string]: unknown;
}

function factsOf(object: LateObject): KindFacts {
  const kind = `${object.apiVersion}/${object.kind}`;
  if (!Object.hasOwn(kinds, kind)) throw new Error(`no resource is known for ${kind}; add it to the table`);
  return kinds[kind as ManifestKind];
}

/**
 * A manifest's object as the typed resource of @pulumi/kubernetes.
 * @throws Error when the kind is not in the table
 */
export function manifestResource(
  name: string,
  object: LateObject,
  opts?: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  return new (factsOf(object).resource)(name, owned(object) as never, opts);
}

/**
 * The object with the provider's word that its fields are ours: an object that a run made before it was cut off, or that
 * somebody edited by hand, is brought to what the settings say instead of ending in a conflict.
 */
export function owned<T extends LateObject>(object: T): T {
  const annotations = { ...object.metadata.annotations, "pulumi.com/patchForce": "true" };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/**
 * All objects of an add-on below one parent, named `<prefix>-<kind>-<object>`: namespaces first, then what pods need, then
 * the pods.
 */
export function manifestResources(
  prefix: string,
  objects: readonly LateObject[],
  opts: pulumi.CustomResourceOptions,
  nameOf: (prefix: string, object: LateObject) => string = resourceName,
): pulumi.CustomResource[] {
  const made: { stage: number; resource: pulumi.CustomResource }[] = [];
  const ordered = [...objects].sort((left, right) => factsOf(left).stage - factsOf(right).stage);
  for (const object of ordered) {
    const { stage } = factsOf(object);
    const earlier = made.filter((other) => other.stage < stage).map((other) => other.resource);
    const merged = pulumi.mergeOptions(opts, { dependsOn: earlier });
    made.push({ stage, resource: manifestResource(nameOf(prefix, object), object, merged) });
  }
  return made.map(({ resource }) => resource);
}

function resourceName(prefix: string, object: LateObject): string {
  const kind = object.kind.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
  return `${prefix}-${kind}-${object.metadata.name.replaceAll(":", "-")}`;
}
