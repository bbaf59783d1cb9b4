/** What people attach to instances beside the library's own. */
export interface AttachedInput {
  /**
   * ARNs of managed IAM policies for the role of these instances, as `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess`; 10 at most.
   *
   * @defaultValue none
   */
  policyArns?: string[];
  /**
   * Ids of more security groups, as `sg-0123456789abcdef0`; 4 at most. They may not have the tag `kubernetes.io/cluster/<name>`: the
   * cloud controller manager accepts it on one group of an instance.
   *
   * @defaultValue none
   */
  securityGroupIds?: string[];
}

/** The same, decided. */
export interface Attached {
  /** ARNs of managed policies, each once. */
  readonly policyArns: readonly string[];
  /** Beside the group of the library. */
  readonly securityGroupIds: readonly string[];
}

/** IAM roles that the stack creates. */
export interface AwsIamInput {
  /**
   * Path of every role and instance profile of the stack, as `/kubernetes/`. It is decided when the cluster is made.
   *
   * @defaultValue `/`
   */
  path?: string;
  /**
   * ARN of the policy that bounds what every role of the stack may do. It must allow what the roles of the plan need.
   *
   * @defaultValue none
   */
  permissionsBoundary?: string;
}

export function resolveAttached(given: {
  readonly policyArns?: readonly string[] | undefined;
  readonly securityGroupIds?: readonly string[] | undefined;
}): Attached {
  return { policyArns: given.policyArns ?? [], securityGroupIds: given.securityGroupIds ?? [] };
}

/** The name of a managed policy, which is unique in an account. AWS' own are told apart by a character that no such name has. */
export function policyName(arn: string): string {
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  return arn.includes(":iam::aws:") ? `aws/${name}` : name;
}
