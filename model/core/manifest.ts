/**
 * Objects of the Kubernetes API as this library renders them: plain data, of which the compiler knows every field. The types are
 * those of @pulumi/kubernetes, in the version that makes resources of them; nothing of it is loaded.
 */
import type { input } from "@pulumi/kubernetes/types";
import type { ObjectMetadata } from "../kubernetes";

/** The value that an input of Pulumi stands for, at any depth. */
type Plain<T> = T extends Promise<unknown> | { readonly apply: unknown }
  ? never
  : T extends readonly (infer E)[]
    ? readonly Plain<E>[]
    : T extends object
      ? { readonly [K in keyof T]: Plain<T[K]> }
      : T;

/** By apiVersion and kind. */
interface Kinds {
  "v1/ConfigMap": input.core.v1.ConfigMap;
  "v1/LimitRange": input.core.v1.LimitRange;
  "v1/Namespace": input.core.v1.Namespace;
  "v1/ResourceQuota": input.core.v1.ResourceQuota;
  "v1/Secret": input.core.v1.Secret;
  "v1/Service": input.core.v1.Service;
  "v1/ServiceAccount": input.core.v1.ServiceAccount;
  "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy": input.admissionregistration.v1.ValidatingAdmissionPolicy;
  "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding": input.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
  "apiregistration.k8s.io/v1/APIService": input.apiregistration.v1.APIService;
  "apps/v1/DaemonSet": input.apps.v1.DaemonSet;
  "apps/v1/Deployment": input.apps.v1.Deployment;
  "networking.k8s.io/v1/Ingress": input.networking.v1.Ingress;
  "networking.k8s.io/v1/IngressClass": input.networking.v1.IngressClass;
  "networking.k8s.io/v1/NetworkPolicy": input.networking.v1.NetworkPolicy;
  "node.k8s.io/v1/RuntimeClass": input.node.v1.RuntimeClass;
  "policy/v1/PodDisruptionBudget": input.policy.v1.PodDisruptionBudget;
  "rbac.authorization.k8s.io/v1/ClusterRole": input.rbac.v1.ClusterRole;
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": input.rbac.v1.ClusterRoleBinding;
  "rbac.authorization.k8s.io/v1/Role": input.rbac.v1.Role;
  "rbac.authorization.k8s.io/v1/RoleBinding": input.rbac.v1.RoleBinding;
  "storage.k8s.io/v1/StorageClass": input.storage.v1.StorageClass;
}

type Split<N extends string> = N extends `${infer Group}/${infer Version}/${infer Kind}`
  ? { readonly apiVersion: `${Group}/${Version}`; readonly kind: Kind }
  : N extends `${infer Version}/${infer Kind}`
    ? { readonly apiVersion: Version; readonly kind: Kind }
    : never;

/** An object of one of these kinds. */
export type Manifest<N extends keyof Kinds = keyof Kinds> = {
  [K in N]: Split<K> & { readonly metadata: ObjectMetadata } & Plain<
      Omit<Kinds[K], "apiVersion" | "kind" | "metadata" | "status">
    >;
}[N];

/** A kind that is not Kubernetes' own: whoever renders it says what its specification is. */
export type CustomManifest<A extends string, K extends string, S extends object> = {
  readonly apiVersion: A;
  readonly kind: K;
  readonly metadata: ObjectMetadata;
  readonly spec: S;
};

export type PodSpec = Plain<input.core.v1.PodSpec>;
export type PodTemplate = Plain<input.core.v1.PodTemplateSpec>;
export type Container = Plain<input.core.v1.Container>;
export type PolicyRule = Plain<input.rbac.v1.PolicyRule>;

/** Gives a ServiceAccount a role: a ClusterRole everywhere, or a Role in one namespace. */
export function roleBinding(
  kind: "ClusterRole" | "Role",
  /** Name of the role. */
  role: string,
  account: { readonly name: string; readonly namespace: string },
  labels: ObjectMetadata["labels"],
  /** Name of the binding. */
  name = role,
): Manifest<`rbac.authorization.k8s.io/v1/${"ClusterRole" | "Role"}Binding`> {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: `${kind}Binding`,
    metadata: { name, ...(kind === "Role" ? { namespace: account.namespace } : {}), labels },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: role },
    subjects: [{ kind: "ServiceAccount", ...account }],
  };
}
