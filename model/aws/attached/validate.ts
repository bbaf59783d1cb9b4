import type { AwsLayout } from "../../settings/awsLayout";
import { entriesOf } from "../../settings/entries";
import type { Path, Problems } from "../../settings/problems";
import { partitionOf } from "../../data/regions";

/** Policies are of the region's partition, and nothing is attached twice. */
export function validateAttached({ input, pools, region }: AwsLayout, problems: Problems): void {
  const partition = region === undefined ? undefined : partitionOf(region);
  const boundary = input.iam?.permissionsBoundary;
  if (boundary !== undefined) isOfPartition(["iam", "permissionsBoundary"], boundary);
  for (const [path, given] of [
    [["controlPlane"], input.controlPlane] as const,
    ...pools.map((pool) => [pool.path, pool.input] as const),
  ]) {
    for (const key of ["policyArns", "securityGroupIds"] as const)
      problems.addTwins(given[key], (index) => [...path, key, index]);
    for (const [index, arn] of entriesOf(given.policyArns))
      isOfPartition([...path, "policyArns", index], arn);
  }

  function isOfPartition(path: Path, arn: string): void {
    if (partition === undefined || arn.startsWith(`arn:${partition}:`)) return;
    problems.add(path, arn, `is not a policy of partition ${partition}, which ${region} belongs to`, {
      allowed: `arn:${partition}:iam::...`,
    });
  }
}
