import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { awsOf } from "../../model/aws/spec";
import { instanceTrust, policyDocument } from "../../model/aws/iam";
import type { Statement } from "../../model/aws/statement";
import { roleName } from "../../model/aws/names";
import { resourceTags } from "../../model/aws/tags";
import type { ClusterSettings } from "../../model/settings/resolved";
import { onlyOnAws, requireArguments } from "../arguments";

export interface InstanceRoleArgs {
  /** Resolved settings, as `parseCluster` gives them. */
  readonly settings: ClusterSettings;
  /** As it stands in the role's name: `control-plane`, `pool-general`, `bastion`. */
  readonly part: string;
  /** What the role may do, each with its reason. */
  readonly statements: readonly Statement[];
}

/** What instances may do by themselves: role, one policy, profile. Free of charge. */
export class InstanceRole extends pulumi.ComponentResource {
  /** Name of the instance profile. */
  readonly profile: pulumi.Output<string>;
  /** ARN of the instance profile. */
  readonly profileArn: pulumi.Output<string>;
  /** ARN of the role in the profile. */
  readonly roleArn: pulumi.Output<string>;
  /** Instances that start before it may do nothing. */
  readonly policy: pulumi.Resource;

  constructor(name: string, args: InstanceRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("InstanceRole", name, args, ["settings", "part", "statements"], (given) => [
      onlyOnAws(given),
    ]);
    super("kubeadm:aws:InstanceRole", name, {}, opts);
    const { settings, part, statements } = args;
    const own = awsOf(settings);
    const fullName = roleName(settings.name, own.region, part);
    const tags = resourceTags(settings, fullName);
    const role = new aws.iam.Role(
      `${name}-role`,
      { name: fullName, assumeRolePolicy: instanceTrust(own), tags },
      { parent: this },
    );
    this.policy = new aws.iam.RolePolicy(
      `${name}-policy`,
      { name: "kubeadm", role: role.name, policy: policyDocument(statements) },
      { parent: this },
    );
    const profile = new aws.iam.InstanceProfile(
      `${name}-profile`,
      { name: fullName, role: role.name, tags },
      { parent: this },
    );
    this.profile = profile.name;
    this.profileArn = profile.arn;
    this.roleArn = role.arn;
    this.registerOutputs({ profile: this.profile, roleArn: this.roleArn });
  }
}
