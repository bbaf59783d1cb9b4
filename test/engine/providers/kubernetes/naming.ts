/** Names of objects and of field managers, and the annotations a program steers with (metadata/naming.go, annotations.go). */
import { randomBytes } from "node:crypto";
import { isUnknown, type Value } from "../shared/values";
import {
  annotationOf,
  hasAnnotation,
  nameOf,
  pluck,
  withAnnotation,
  withMetadata,
  type KubeObject,
} from "./objects";

export const annotations = {
  autonamed: "pulumi.com/autonamed",
  skipAwait: "pulumi.com/skipAwait",
  waitFor: "pulumi.com/waitFor",
  timeoutSeconds: "pulumi.com/timeoutSeconds",
  patchForce: "pulumi.com/patchForce",
  patchFieldManager: "pulumi.com/patchFieldManager",
  deletionPropagation: "pulumi.com/deletionPropagationPolicy",
} as const;

export const isAutonamed = (object: KubeObject) => hasAnnotation(object, annotations.autonamed);

/** A name that is not known yet is a name. */
export function isNamed(object: KubeObject): boolean {
  return isUnknown(pluck(object, "metadata", "name")) || nameOf(object) !== "";
}

export function usesGenerateName(object: KubeObject): boolean {
  const given: Value | undefined = pluck(object, "metadata", "generateName");
  return !isNamed(object) && typeof given === "string" && given !== "";
}

/** `<resource name>-<8 hex digits>`, marked by an annotation, where the program gives no name (AssignNameIfAutonamable). */
export function autonamed(object: KubeObject, resourceName: string): KubeObject {
  if (isNamed(object) || usesGenerateName(object)) return object;
  return named(object, uniqueName(`${resourceName}-`));
}

/** The name an earlier check made (AdoptOldAutonameIfUnnamed). */
export function withOldAutoname(object: KubeObject, old: KubeObject): KubeObject {
  return !isNamed(object) && isAutonamed(old) ? named(object, nameOf(old)) : object;
}

const named = (object: KubeObject, name: string) =>
  withAnnotation(withMetadata(object, "name", name), annotations.autonamed, "true");

/** The annotation's, the one in the state, or a new one (provider.go, fieldManagerName). */
export function fieldManagerOf(inputs: KubeObject, stored: string): string {
  return annotationOf(inputs, annotations.patchFieldManager) || stored || uniqueName("pulumi-kubernetes-");
}

const uniqueName = (prefix: string) => prefix + randomBytes(4).toString("hex");

/** Seconds an operation may take: the resource's own, the annotation's, or ten minutes (overrides.go, TimeoutDuration). */
export function timeoutOf(given: number, inputs: KubeObject): number {
  const annotated = annotationOf(inputs, annotations.timeoutSeconds);
  return given || (/^\d+$/.test(annotated) ? Number(annotated) : 600);
}

/** Foreground where nothing else is asked for (overrides.go, DeletionPropagation). */
export function deletionPropagation(inputs: KubeObject): "Orphan" | "Background" | "Foreground" {
  const asked = annotationOf(inputs, annotations.deletionPropagation).toLowerCase();
  return asked === "orphan" ? "Orphan" : asked === "background" ? "Background" : "Foreground";
}
