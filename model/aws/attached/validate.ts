import type { AwsFacts } from "../../settings/awsFacts";
import type { Facts } from "../../settings/draft";
import type { Path, Problems } from "../../settings/problems";
import { partitionOf } from "../../data/regions";

/** Policies are of the region's partition, and nothing is attached twice. */
export function validateAttached(
  { input, pools, region }: AwsFacts,
  _facts: Facts,
  problems: Problems,
): void {
  const partition = region === undefined ? undefined : partitionOf(region);
  const boundary = input.iam?.permissionsBoundary;
  if (boundary !== undefined) isOfPartition(["iam", "permissionsBoundary"], boundary);
  for (const [path, given] of [
    [["controlPlane"], input.controlPlane ?? {}],
    ...pools.map((pool) => [pool.path, pool.input] as const),
  ] as const) {
    for (const key of ["policyArns", "securityGroupIds"] as const) {
      const list = given[key] ?? [];
      list.forEach((value, index) => {
        if (value === undefined) return;
        if (list.indexOf(value) < index)
          problems.add([...path, key, index], value, "is listed twice", { allowed: "each once" });
        else if (key === "policyArns") isOfPartition([...path, key, index], value);
      });
    }
  }

  function isOfPartition(path: Path, arn: string): void {
    if (partition === undefined || arn.startsWith(`arn:${partition}:`)) return;
    problems.add(path, arn, `is not a policy of partition ${partition}, which ${region} belongs to`, {
      allowed: `arn:${partition}:iam::...`,
    });
  }
}
