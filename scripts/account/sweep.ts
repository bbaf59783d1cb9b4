import { clusterTag } from "../../model/aws/names";
import { CLUSTER_TAG } from "../../model/aws/tags";
import type { Shell } from "./shell";

/** The tags by which anything of a cluster is found: the stack's, its controllers', AWS Load Balancer Controller's. */
export function tagFilters(cluster: string): string[] {
  return [
    `Key=${CLUSTER_TAG},Values=${cluster}`,
    `Key=${clusterTag(cluster)},Values=owned`,
    `Key=elbv2.k8s.aws/cluster,Values=${cluster}`,
  ];
}

export function sweepCommand(region: string, filter: string): string[] {
  return [
    ...["aws", "resourcegroupstaggingapi", "get-resources", "--region", region, "--output", "json"],
    ...["--tag-filters", filter],
  ];
}

/**
 * ARNs of what carries a tag of the cluster. The service goes on naming what was deleted for some time, so instances that have
 * ended are asked for, and the rest is looked at again by the caller.
 */
export async function sweep(shell: Shell, region: string, cluster: string): Promise<string[]> {
  const found = new Set<string>();
  for (const filter of tagFilters(cluster)) {
    const text = await shell.read(sweepCommand(region, filter));
    const { ResourceTagMappingList: list } = JSON.parse(text) as {
      readonly ResourceTagMappingList: readonly { readonly ResourceARN: string }[];
    };
    for (const { ResourceARN: arn } of list) found.add(arn);
  }
  return [...found].sort();
}
