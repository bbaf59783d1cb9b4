import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject } from "../../model/kubernetes";
import { groupOf } from "../../model/extras/read";

/** Modules of @pulumi/kubernetes by the API's group; kinds of other groups are custom ones. */
const MODULES: Readonly<Record<string, string>> = {
  "": "core",
  "admissionregistration.k8s.io": "admissionregistration",
  "apiextensions.k8s.io": "apiextensions",
  "apiregistration.k8s.io": "apiregistration",
  apps: "apps",
  autoscaling: "autoscaling",
  batch: "batch",
  "certificates.k8s.io": "certificates",
  "coordination.k8s.io": "coordination",
  "discovery.k8s.io": "discovery",
  "events.k8s.io": "events",
  "flowcontrol.apiserver.k8s.io": "flowcontrol",
  "networking.k8s.io": "networking",
  "node.k8s.io": "node",
  policy: "policy",
  "rbac.authorization.k8s.io": "rbac",
  "resource.k8s.io": "resource",
  "scheduling.k8s.io": "scheduling",
  "storage.k8s.io": "storage",
};

/** `never` for the arguments: the object is plain data, and the API server judges it. */
type ResourceClass = new (
  name: string,
  args: never,
  opts?: pulumi.CustomResourceOptions,
) => pulumi.CustomResource;

function memberOf(value: unknown, key: string): unknown {
  return value !== null && typeof value === "object" && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

/** The typed class of @pulumi/kubernetes, in its very version; undefined where it knows the kind not. */
export function typedClass({
  apiVersion,
  kind,
}: Pick<KubernetesObject, "apiVersion" | "kind">): ResourceClass | undefined {
  const module = MODULES[groupOf(apiVersion)];
  if (module === undefined) return undefined;
  const version = memberOf(memberOf(k8s, module), apiVersion.split("/").at(-1) ?? "");
  const found = memberOf(version, kind);
  return typeof found === "function" ? (found as ResourceClass) : undefined;
}

/** The typed class, or the one of custom resources. */
export function resourceClass(object: Pick<KubernetesObject, "apiVersion" | "kind">): ResourceClass {
  return typedClass(object) ?? k8s.apiextensions.CustomResource;
}
