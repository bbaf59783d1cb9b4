import * as pulumi from "@pulumi/pulumi";
import type { ObjectMetadata } from "../../model/kubernetes";
import { resourceClass } from "./resourceClass";

/** An object whose contents are known later; its name and its kind decide what there is, and are plain. */
export interface LateObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Omit<ObjectMetadata, "annotations"> & {
    readonly annotations?: Readonly<Record<string, pulumi.Input<string>>>;
  };
  readonly [field: string]: unknown;
}

/**
 * Objects of a lower stage exist before those of a higher one: namespaces first, then what pods need, then the pods. A Service
 * stands with them: the provider waits until it has endpoints, so it must not be what they wait for.
 */
const STAGES: Readonly<Record<string, 0 | 2>> = {
  Namespace: 0,
  RuntimeClass: 0,
  APIService: 2,
  DaemonSet: 2,
  Deployment: 2,
  Ingress: 2,
  Service: 2,
};

const stageOf = ({ kind }: LateObject): number => STAGES[kind] ?? 1;

/** A manifest's object as the typed resource of @pulumi/kubernetes, or as a custom resource. */
export function manifestResource(
  name: string,
  object: LateObject,
  opts?: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  return new (resourceClass(object))(name, owned(object) as never, opts);
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
  const ordered = [...objects].sort((left, right) => stageOf(left) - stageOf(right));
  for (const object of ordered) {
    const stage = stageOf(object);
    const earlier = made.filter((other) => other.stage < stage).map((other) => other.resource);
    const merged = pulumi.mergeOptions(opts, { dependsOn: earlier });
    made.push({ stage, resource: manifestResource(nameOf(prefix, object), object, merged) });
  }
  return made.map(({ resource }) => resource);
}

function resourceName(prefix: string, { kind, metadata }: LateObject): string {
  return `${prefix}-${kebab(kind)}-${metadata.name.replaceAll(":", "-")}`;
}

/** `ConfigMap` as `config-map`. */
export function kebab(kind: string): string {
  return kind.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
}
