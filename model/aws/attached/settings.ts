/** IAM policies and security groups that you attach to instances. */
export interface AttachedInput {
  /**
   * ARNs of managed IAM policies for the role of these instances, such as
   * `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess`; at most 10.
   *
   * @defaultValue none
   */
  policyArns?: readonly string[];
  /**
   * Ids of more security groups, such as `sg-0123456789abcdef0`; at most 4. They must not have the tag
   * `kubernetes.io/cluster/<name>`: the cloud controller manager accepts it on one group of an instance.
   *
   * @defaultValue none
   */
  securityGroupIds?: readonly string[];
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
   * Path of every role and instance profile of the stack, such as `/kubernetes/`. Cannot change once the cluster
   * exists.
   *
   * @defaultValue `/`
   */
  path?: string;
  /**
   * ARN of the policy that limits every role of the stack. It must allow what the roles in the plan need.
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
