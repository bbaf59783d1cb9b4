import { z } from "zod";
import { matching } from "../../settings/schema/primitives";

/** IAM User Guide, "IAM and AWS STS quotas": managed policies attached to a role, an account's default. */
const POLICIES_PER_ROLE = 10;
/** Amazon VPC User Guide, "Amazon VPC quotas": 5 security groups on an interface, of which one is the library's. */
const GROUPS_PER_INTERFACE = 5;

const policyArn = matching(
  /^arn:aws(-cn|-us-gov)?:iam::(aws|\d{12}):policy\/[\w+=,.@/-]{1,512}$/,
  "the ARN of a managed policy, such as arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
);
const securityGroupId = matching(
  /^sg-[0-9a-f]{8,17}$/,
  "the id of a security group, such as sg-0123456789abcdef0",
);

export const attachedShape = {
  policyArns: z.array(policyArn).max(POLICIES_PER_ROLE).optional(),
  securityGroupIds: z
    .array(securityGroupId)
    .max(GROUPS_PER_INTERFACE - 1)
    .optional(),
};

/** IAM API reference, CreateRole: 512 characters at most. Paths of service-linked roles and of Identity Center are AWS' own. */
const iamPath = matching(
  /^(?=.{1,512}$)(?!\/aws-(service-role|reserved)\/)\/([\w+=,.@-]+\/)*$/,
  "a path that begins and ends with /, such as /kubernetes/, at most 512 characters, and not one of AWS' paths",
);

export const iam = z.strictObject({ path: iamPath.optional(), permissionsBoundary: policyArn.optional() });
