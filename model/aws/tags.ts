import type { AwsPool, AwsSubnet } from "./settings";
import { clusterTag } from "./names";

/** What tags are made from. */
export interface TagsSpec {
  readonly name: string;
  /** On everything that takes tags; undefined where nothing is made on AWS. */
  readonly aws?: { readonly tags: Tags };
}

export type Tags = Readonly<Record<string, string>>;

/** Which cluster and pool something belongs to, for people, policies and bills. */
export const CLUSTER_TAG = "pulumi-kubeadm/cluster";
export const POOL_TAG = "pulumi-kubeadm/pool";
export const ROLE_TAG = "pulumi-kubeadm/role";
/** Raised by hand: the machine behind the name is to be another one. */
export const REVISION_TAG = "pulumi-kubeadm/revision";

/** The tags of one resource: the settings' own, its name, and which cluster it belongs to. */
export function resourceTags(settings: TagsSpec, name: string, more: Tags = {}): Tags {
  return { ...settings.aws?.tags, [CLUSTER_TAG]: settings.name, Name: name, ...more };
}

/** `owned`: goes with the cluster; `shared`: was there before it (cloud-provider-aws, "Prerequisites"). */
export function ownedTag(settings: { readonly name: string }): Tags {
  return { [clusterTag(settings.name)]: "owned" };
}

/** By these the cloud controller manager finds subnets for balancers of Services (cloud-provider-aws, docs/service_controller.md). */
export function subnetTags(settings: { readonly name: string }, subnet: Pick<AwsSubnet, "subnetType">): Tags {
  const role = subnet.subnetType === "public" ? "kubernetes.io/role/elb" : "kubernetes.io/role/internal-elb";
  return { [role]: "1", ...ownedTag(settings) };
}

/** Instances and volumes of a pool. */
export function poolTags(settings: TagsSpec, pool: AwsPool): Tags {
  return resourceTags(settings, `${settings.name}-${pool.name}`, {
    ...ownedTag(settings),
    [ROLE_TAG]: "worker",
    [POOL_TAG]: pool.name,
    ...pool.tags,
  });
}

/** On groups of a cluster whose size an autoscaler chooses, with the value `owned`. */
export function autoscalerTag(cluster: string): string {
  return `k8s.io/cluster-autoscaler/${cluster}`;
}

/** What pods get of a node's root volume: less the system's files, and the tenth at which the kubelet begins to evict pods. */
function storageGiB({ volume }: Pick<AwsPool, "volume">): number {
  return Math.floor(volume.sizeGiB * 0.8);
}

/** Before a label or a taint of nodes that are not there yet. */
const NODE_TEMPLATE = "k8s.io/cluster-autoscaler/node-template";
export const AUTOSCALER_PREFIX = {
  label: `${NODE_TEMPLATE}/label/`,
  taint: `${NODE_TEMPLATE}/taint/`,
} as const;

/**
 * What the cluster autoscaler has to know of nodes that are not there yet (cluster-autoscaler, cloudprovider/aws/README.md,
 * "Auto-Discovery Setup" and "Scaling a node group to 0").
 */
export function autoscalerTags(settings: { readonly name: string }, pool: AwsPool): Tags {
  if (pool.min === pool.max) return {};
  // It takes a node that is not there yet for one of Linux, without room for ephemeral storage.
  const system: Tags = pool.platform === "windows" ? { "kubernetes.io/os": "windows" } : {};
  const labels = Object.entries({ ...system, ...pool.labels }).map(([key, value]) => [
    AUTOSCALER_PREFIX.label + key,
    value,
  ]);
  const taints = pool.taints.map((taint) => [
    AUTOSCALER_PREFIX.taint + taint.key,
    `${taint.value ?? ""}:${taint.effect}`,
  ]);
  return Object.fromEntries([
    ["k8s.io/cluster-autoscaler/enabled", "true"],
    [autoscalerTag(settings.name), "owned"],
    [`${NODE_TEMPLATE}/resources/ephemeral-storage`, `${storageGiB(pool)}Gi`],
    ...labels,
    ...taints,
  ]) as Tags;
}
