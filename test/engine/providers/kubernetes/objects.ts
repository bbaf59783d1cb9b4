/** Kubernetes objects as plain values, and what their type tells about them. */
import { isObject, isUnknown, type Value, type Values } from "../shared/values";

/** An object as the API server speaks of it; a marker of the engine (secret) is never inside. */
export type KubeObject = Values;

export interface Gvk {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Group, version and kind written in an object; "core" is an alias of the empty group (provider.go, gvkFromUnstructured). */
export function gvkOf(object: KubeObject): Gvk {
  return gvk(stringAt(object, "apiVersion"), stringAt(object, "kind"));
}

export function gvk(apiVersion: string, kind: string): Gvk {
  const [first = "", second] = apiVersion.split("/");
  const group = second === undefined || first === "core" ? "" : first;
  return { group, version: second ?? first, kind };
}

export function apiVersionOf({ group, version }: Gvk): string {
  return group === "" ? version : `${group}/${version}`;
}

/** Group, version and kind out of a type token `kubernetes:<group>/<version>:<kind>` (provider.go, gvkFromURN). */
export function gvkOfType(type: string): Gvk {
  const [, apiVersion = "", kind = ""] = type.split(":");
  return gvk(apiVersion, kind);
}

/** `ConfigMapPatch` for an object of kind ConfigMap; a custom kind that ends in "Patch" is none (kinds/util.go). */
export function isPatchResource(type: string, kind: string): boolean {
  return type.split(":").pop() === `${kind}Patch`;
}

export function pluck(value: Value | undefined, ...path: readonly string[]): Value | undefined {
  return path.reduce<Value | undefined>((at, key) => (isObject(at) ? at[key] : undefined), value);
}

export function stringAt(value: Value | undefined, ...path: readonly string[]): string {
  const found = pluck(value, ...path);
  return typeof found === "string" && !isUnknown(found) ? found : "";
}

export function numberAt(value: Value | undefined, ...path: readonly string[]): number | undefined {
  const found = pluck(value, ...path);
  return typeof found === "number" ? found : undefined;
}

export function listAt(value: Value | undefined, ...path: readonly string[]): Value[] {
  const found = pluck(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function objectAt(value: Value | undefined, ...path: readonly string[]): Values {
  const found = pluck(value, ...path);
  return isObject(found) ? found : {};
}

export const nameOf = (object: KubeObject) => stringAt(object, "metadata", "name");
export const namespaceOf = (object: KubeObject) => stringAt(object, "metadata", "namespace");
export const uidOf = (object: KubeObject) => stringAt(object, "metadata", "uid");
export const generationOf = (object: KubeObject) => numberAt(object, "metadata", "generation") ?? 0;
export const annotationOf = (object: KubeObject, key: string) =>
  stringAt(object, "metadata", "annotations", key);
export const hasAnnotation = (object: KubeObject, key: string) => annotationOf(object, key) === "true";

/** The object with another field of its metadata; `undefined` takes the field away. Unknown metadata stays as it is. */
export function withMetadata(object: KubeObject, key: string, value: Value | undefined): KubeObject {
  const metadata = object["metadata"] ?? {};
  if (!isObject(metadata)) return object;
  const { [key]: _, ...rest } = metadata;
  return { ...object, metadata: value === undefined ? rest : { ...rest, [key]: value } };
}

export function withAnnotation(object: KubeObject, key: string, value: string): KubeObject {
  const annotations = pluck(object, "metadata", "annotations") ?? {};
  return isObject(annotations)
    ? withMetadata(object, "annotations", { ...annotations, [key]: value })
    : object;
}

export function without(object: KubeObject, ...path: readonly string[]): KubeObject {
  const [key, ...rest] = path;
  if (key === undefined || !(key in object)) return object;
  if (rest.length === 0) return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
  const inner = object[key];
  return isObject(inner) ? { ...object, [key]: without(inner, ...rest) } : object;
}

export function withValueAt(object: KubeObject, path: readonly string[], value: Value): KubeObject {
  const [key, ...rest] = path;
  if (key === undefined) return object;
  return { ...object, [key]: rest.length === 0 ? value : withValueAt(objectAt(object, key), rest, value) };
}

/** Id of the resource in Pulumi: `namespace/name`, or `name` (provider/util.go, fqName). */
export function idOf(object: KubeObject): string {
  const namespace = namespaceOf(object);
  return namespace === "" ? nameOf(object) : `${namespace}/${nameOf(object)}`;
}

export function parseId(id: string): { namespace: string; name: string } {
  const [first = "", second] = id.split("/");
  return second === undefined ? { namespace: "", name: first } : { namespace: first, name: second };
}

/** Whether an owner reference of `object` names exactly `owner` (await/util.go, isOwnedBy). */
export function isOwnedBy(object: KubeObject, owner: KubeObject | undefined): boolean {
  if (!owner) return false;
  return listAt(object, "metadata", "ownerReferences").some((each) => stringAt(each, "uid") === uidOf(owner));
}

export const isCrd = (object: KubeObject) =>
  object["kind"] === "CustomResourceDefinition" &&
  stringAt(object, "apiVersion").startsWith("apiextensions.k8s.io/");
export const isSecretKind = (object: KubeObject) => {
  const { group, kind } = gvkOf(object);
  return group === "" && kind === "Secret";
};

/** Fields of JSON schemas in CRDs whose names are no identifiers of a programming language (provider.go, underscoreToDashMap). */
const schemaFields = [
  "x-kubernetes-embedded-resource",
  "x-kubernetes-int-or-string",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-list-type",
  "x-kubernetes-map-type",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-validations",
];
const dashed = new Map(schemaFields.map((name) => [name.replaceAll("-", "_"), name]));
const underscored = new Map(schemaFields.map((name) => [name, name.replaceAll("-", "_")]));

export const toDashed = (values: Values): Values => renamed(values, dashed) as Values;
export const toUnderscored = (values: Values): Values => renamed(values, underscored) as Values;

function renamed(value: Value, names: ReadonlyMap<string, string>): Value {
  if (Array.isArray(value)) return value.map((each) => renamed(each, names));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [names.get(key) ?? key, renamed(inner, names)]),
  );
}
