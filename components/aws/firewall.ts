import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { egressRules } from "../../model/aws/egress";
import {
  groupName,
  groupRules,
  groupsOf,
  ruleKey,
  type FirewallGroup,
  type GroupRule,
} from "../../model/aws/firewall";
import { ownedTag, resourceTags } from "../../model/aws/tags";
import type { ClusterSettings } from "../../model/settings/resolved";

export interface FirewallArgs {
  /** Parsed settings, the result of `parseCluster`. */
  readonly settings: ClusterSettings;
  /** VPC of the groups. */
  readonly vpcId: pulumi.Input<string>;
}

const DESCRIPTIONS: Record<FirewallGroup, string> = {
  controlPlane: "control-plane nodes",
  worker: "workers",
  balancer: "internal balancer of the API",
  publicBalancer: "public balancer of the API",
  bastion: "bastion",
  endpoints: "endpoints of services",
};

/**
 * Security groups, and one rule for each port range and source in the flows of the components in use. Everything
 * else is closed. They are free; a group has at most 60 rules per direction.
 */
export class Firewall extends pulumi.ComponentResource {
  /** Ids of the security groups that the settings need. */
  readonly groupIds: Readonly<Partial<Record<FirewallGroup, pulumi.Output<string>>>>;
  /** The rules. Hosts that start before them reach nothing. */
  readonly rules: readonly pulumi.Resource[];

  constructor(name: string, args: FirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:Firewall", name, {}, opts);
    const { settings, vpcId } = args;
    const groups = new Map(
      groupsOf(settings).map((group): [FirewallGroup, aws.ec2.SecurityGroup] => [
        group,
        this.createGroup(name, group, settings, vpcId),
      ]),
    );
    this.groupIds = Object.fromEntries([...groups].map(([group, made]) => [group, made.id]));
    const id = (group: FirewallGroup): pulumi.Output<string> => {
      const made = groups.get(group);
      if (made === undefined) throw new RangeError(`these settings have no group ${group}`);
      return made.id;
    };
    const fields = (rule: GroupRule) => ({
      securityGroupId: id(rule.group),
      ipProtocol: rule.protocol,
      fromPort: rule.ports?.from,
      toPort: rule.ports?.to,
      description: rule.reason,
      ...(rule.peer.kind === "group"
        ? { referencedSecurityGroupId: id(rule.peer.group) }
        : { cidrIpv4: rule.peer.cidr }),
    });
    const ingress = groupRules(settings).map(
      (rule) =>
        new aws.vpc.SecurityGroupIngressRule(
          `${name}-${groupName(rule.group)}-in-${ruleKey(rule)}`,
          fields(rule),
          { parent: this },
        ),
    );
    const egress = egressRules(settings).map(
      (rule) =>
        new aws.vpc.SecurityGroupEgressRule(
          `${name}-${groupName(rule.group)}-out-${ruleKey(rule)}`,
          fields(rule),
          { parent: this },
        ),
    );
    this.rules = [...ingress, ...egress];
    this.registerOutputs({ groupIds: this.groupIds });
  }

  private createGroup(
    name: string,
    group: FirewallGroup,
    settings: ClusterSettings,
    vpcId: pulumi.Input<string>,
  ): aws.ec2.SecurityGroup {
    // The cloud controller manager adds rules to the one group of an instance that has the cluster's tag.
    const nodes = group === "worker" || group === "controlPlane" ? ownedTag(settings) : {};
    return new aws.ec2.SecurityGroup(
      `${name}-${groupName(group)}`,
      {
        vpcId,
        // EC2 replaces a group whose description changes, and all that is in it would have to move.
        description: `Kubernetes cluster ${settings.name} - ${DESCRIPTIONS[group]}`,
        tags: { ...resourceTags(settings, `${settings.name}-${groupName(group)}`), ...nodes },
        // Groups that name one another cannot be deleted; rules that others added go with theirs.
        revokeRulesOnDelete: true,
      },
      { parent: this },
    );
  }
}
