import * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject } from "../../model/kubernetes";
import { groupOf } from "../../model/extras/read";
import { kebab, owned, type LateObject } from "./manifest";
import { resourceClass, typedClass } from "./resourceClass";

/** Whether the kind is one that some CustomResourceDefinition has to make known. */
export function isCustom(object: KubernetesObject): boolean {
  return typedClass(object) === undefined;
}

/** Any object: typed where @pulumi/kubernetes knows the kind, a custom resource else. What a Secret holds is marked secret. */
export function anyResource(
  name: string,
  object: LateObject,
  opts?: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  return new (resourceClass(object))(name, hushed(owned(object)) as never, opts);
}

function hushed(object: LateObject): Record<string, unknown> {
  const secret = object.kind === "Secret" && object.apiVersion === "v1";
  if (!secret) return { ...object };
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key,
      key === "data" || key === "stringData" ? pulumi.secret<unknown>(value) : value,
    ]),
  );
}

/** `<prefix>-<kind>[-<namespace>]-<object>`; kinds that are custom have their group too. */
export function anyResourceName(prefix: string, object: KubernetesObject): string {
  const kind = kebab(object.kind);
  const { name, namespace } = object.metadata;
  const parts = [prefix, isCustom(object) ? `${kind}.${groupOf(object.apiVersion)}` : kind, namespace, name];
  return parts
    .filter((part) => part !== undefined)
    .join("-")
    .replaceAll(":", "-");
}
