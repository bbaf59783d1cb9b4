import { sha256 } from "./core/hash";

/** A value that JSON and YAML can hold; undefined is left out when written. */
export type JsonValue =
  string | number | boolean | null | undefined | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object of the Kubernetes API as plain data: what a manifest holds. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  /** `spec`, `data`, `rules` and whatever else the kind has at its top level. */
  readonly [field: string]: JsonValue | ObjectMetadata;
}

/** Requests and limits of a pod. The API server refuses requests above the limits. */
export interface PodResourcesInput {
  /** Reserved for each pod, as Kubernetes quantities such as `100m` CPU and `70Mi` memory. */
  requests?: PodAmountsInput;
  /** Maximum for each pod, as Kubernetes quantities. */
  limits?: PodAmountsInput;
}

/** Amounts as Kubernetes quantities. */
export type PodAmountsInput = {
  /** CPU, such as `100m`. */
  cpu?: string;
  /** Memory, such as `70Mi`. */
  memory?: string;
};

/** Annotation on a pod template with the hash of what its pods read only when they start. */
export const configHashAnnotation = "pulumi-kubeadm/config-hash";

/** Short hash of a ConfigMap's data: pods are replaced exactly when what they read has changed. */
export function configHash(data: Readonly<Record<string, string>>): string {
  return sha256(JSON.stringify(data)).slice(0, 16);
}
