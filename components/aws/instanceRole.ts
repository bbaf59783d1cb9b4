import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { defined } from "../../model/core/defined";
import { awsOf } from "../../model/aws/spec";
import { instanceTrust, policyDocument } from "../../model/aws/iam";
import type { Statement } from "../../model/aws/statement";
import { roleName } from "../../model/aws/names";
import { resourceTags } from "../../model/aws/tags";
import type { ClusterSettings } from "../../model/settings/resolved";
import { createRole } from "./role";

export interface InstanceRoleArgs {
  /** Parsed settings, the result of `parseCluster`. */
  readonly settings: ClusterSettings;
  /** Part of the role's name: `control-plane`, `pool-general`, `bastion`. */
  readonly part: string;
  /** What the role may do, each with its reason. */
  readonly statements: readonly Statement[];
  /** ARNs of managed policies to attach as well; default: none. */
  readonly policyArns?: readonly string[];
}

/** The IAM role of instances, with its policies and instance profile. Free. */
export class InstanceRole extends pulumi.ComponentResource {
  /** Name of the instance profile. */
  readonly profile: pulumi.Output<string>;
  /** ARN of the instance profile. */
  readonly profileArn: pulumi.Output<string>;
  /** ARN of the role in the profile. */
  readonly roleArn: pulumi.Output<string>;
  /** The policies. Instances that start before them have no permissions. */
  readonly policies: readonly pulumi.Resource[];

  constructor(name: string, args: InstanceRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:InstanceRole", name, {}, opts);
    const { settings, part, statements, policyArns = [] } = args;
    const own = awsOf(settings);
    const fullName = roleName(settings.name, own.region, part);
    const { role, policies } = createRole(
      name,
      { settings, fullName, trust: instanceTrust(own), policy: policyDocument(statements), policyArns },
      { parent: this },
    );
    this.policies = policies;
    const profile = new aws.iam.InstanceProfile(
      `${name}-profile`,
      {
        name: fullName,
        ...defined({ path: own.rolePath }),
        role: role.name,
        tags: resourceTags(settings, fullName),
      },
      { parent: this },
    );
    this.profile = profile.name;
    this.profileArn = profile.arn;
    this.roleArn = role.arn;
    this.registerOutputs({ profile: this.profile, roleArn: this.roleArn });
  }
}
