import { withoutPatch } from "./resources";
import { knownList, knownText, known } from "./values";

/** Kinds that hold a pod, and where. */
const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes:core/v1:Pod": ["spec"],
  "kubernetes:core/v1:PodTemplate": ["template", "spec"],
  "kubernetes:core/v1:ReplicationController": ["spec", "template", "spec"],
  "kubernetes:apps/v1:DaemonSet": ["spec", "template", "spec"],
  "kubernetes:apps/v1:Deployment": ["spec", "template", "spec"],
  "kubernetes:apps/v1:ReplicaSet": ["spec", "template", "spec"],
  "kubernetes:apps/v1:StatefulSet": ["spec", "template", "spec"],
  "kubernetes:batch/v1:CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
  "kubernetes:batch/v1:Job": ["spec", "template", "spec"],
};

export interface Container {
  readonly name: string;
  /** undefined: not known yet. */
  readonly image: string | undefined;
  readonly privileged: boolean;
}

/** Every container of a workload, those that only start it included; undefined for kinds without pods. */
export function containersOf(type: string, props: unknown): Container[] | undefined {
  const kind = withoutPatch(type);
  if (!Object.hasOwn(POD_SPECS, kind)) return undefined;
  const spec = known(props, ...POD_SPECS[kind]);
  return ["initContainers", "containers", "ephemeralContainers"]
    .flatMap((list) => knownList(spec, list))
    .map((container) => ({
      name: knownText(container, "name") ?? "",
      image: knownText(container, "image"),
      privileged: known(container, "securityContext", "privileged") === true,
    }));
}

/** Whether an image says which one: a digest, or a tag that is not `latest`. */
export function isPinned(image: string): boolean {
  if (image.includes("@")) return true;
  // A colon before the last slash is a registry's port.
  const tag = image.split("/").at(-1)?.split(":")[1];
  return tag !== undefined && tag !== "latest";
}

/** `namespace/name` as kubectl shows it. */
export function objectName(props: unknown, resource: string): { namespace: string; name: string } {
  return {
    namespace: knownText(props, "metadata", "namespace") ?? "default",
    name: knownText(props, "metadata", "name") ?? resource,
  };
}
