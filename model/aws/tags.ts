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
  const labels = Object.entries(pool.labels).map(([key, value]) => [AUTOSCALER_PREFIX.label + key, value]);
  const taints = pool.taints.map((taint) => [
    AUTOSCALER_PREFIX.taint + taint.key,
    `${taint.value ?? ""}:${taint.effect}`,
  ]);
  return Object.fromEntries([
    ["k8s.io/cluster-autoscaler/enabled", "true"],
    [`k8s.io/cluster-autoscaler/${settings.name}`, "owned"],
    ...labels,
    ...taints,
  ]) as Tags;
}
