import type { AwsLayout } from "../layout";
import { entriesOf } from "../../settings/entries";
import type { Path, Problems } from "../../settings/problems";
import { partitionOf } from "../../data/regions";

/** Policies are of the region's partition and of one account, and nothing is attached twice. */
export function validateAttached({ input, pools, region }: AwsLayout, problems: Problems): void {
  const partition = region === undefined ? undefined : partitionOf(region);
  let account: string | undefined;
  const boundary = input.iam?.permissionsBoundary;
  if (boundary !== undefined) validatePolicy(["iam", "permissionsBoundary"], boundary);
  for (const [path, given] of [
    [["controlPlane"], input.controlPlane] as const,
    ...pools.map((pool) => [pool.path, pool.input] as const),
  ]) {
    for (const key of ["policyArns", "securityGroupIds"] as const)
      problems.addTwins(given[key], (index) => [...path, key, index]);
    for (const [index, arn] of entriesOf(given.policyArns))
      validatePolicy([...path, "policyArns", index], arn);
  }

  function validatePolicy(path: Path, arn: string): void {
    if (partition !== undefined && !arn.startsWith(`arn:${partition}:`)) {
      problems.add(path, arn, `is not a policy in partition ${partition}, the partition of ${region}`, {
        allowed: `arn:${partition}:iam::...`,
      });
      return;
    }
    const owner = arn.split(":")[4];
    if (owner === "aws") return;
    account ??= owner;
    if (owner === account) return;
    problems.add(path, arn, `belongs to account ${owner}, but another policy belongs to ${account}`, {
      allowed: "policies of AWS, and of the one account that the cluster is in",
    });
  }
}
