import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { policyName } from "../../model/aws/attached/settings";
import { defined } from "../../model/core/defined";
import { awsOf, type AwsCluster } from "../../model/aws/spec";
import { resourceTags } from "../../model/aws/tags";

export interface RoleArgs {
  readonly settings: AwsCluster;
  /** Unique in the account, not only in the region: `roleName`. */
  readonly fullName: string;
  /** Who may take it on: a trust policy in JSON. */
  readonly trust: pulumi.Input<string>;
  /** Its inline policy in JSON: `policyDocument`. */
  readonly policy: pulumi.Input<string>;
  /** ARNs of managed policies beside them. */
  readonly policyArns?: readonly string[];
  /** Value of the Name tag, if it is not the role's name. */
  readonly called?: string;
}

/** A role with its one inline policy, the boundary of the settings, and managed policies. */
export function createRole(
  name: string,
  { settings, fullName, trust, policy, policyArns = [], called = fullName }: RoleArgs,
  opts: pulumi.CustomResourceOptions,
): { readonly role: aws.iam.Role; readonly policies: readonly [pulumi.Resource, ...pulumi.Resource[]] } {
  const { rolePath, permissionsBoundary } = awsOf(settings);
  const role = new aws.iam.Role(
    `${name}-role`,
    {
      name: fullName,
      assumeRolePolicy: trust,
      ...defined({ path: rolePath, permissionsBoundary }),
      tags: resourceTags(settings, called),
    },
    opts,
  );
  const inline = new aws.iam.RolePolicy(`${name}-policy`, { name: "kubeadm", role: role.name, policy }, opts);
  const attached = policyArns.map(
    (policyArn) =>
      new aws.iam.RolePolicyAttachment(
        `${name}-${policyName(policyArn)}`,
        { role: role.name, policyArn },
        opts,
      ),
  );
  return { role, policies: [inline, ...attached] };
}
