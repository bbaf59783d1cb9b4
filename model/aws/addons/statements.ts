import { clusterTag } from "../names";
import { awsOf, type AwsCluster } from "../spec";
import type { Statement } from "../statement";

/**
 * What the add-ons that call AWS may do: what their own documentation asks for, less what this library does not use, and
 * tied to the cluster's tag wherever the call carries one.
 */

function owned(
  settings: Pick<AwsCluster, "name">,
  kind: "ResourceTag" | "RequestTag",
): Record<string, string> {
  return { [`aws:${kind}/${clusterTag(settings.name)}`]: "owned" };
}

/** cloud-provider-aws, docs/prerequisites.md, without routes and volumes: flannel routes, and EBS CSI has its own role. */
export function cloudControllerStatements(settings: AwsCluster): Statement[] {
  const { partition, region } = awsOf(settings);
  const ec2 = (kind: string) => `arn:${partition}:ec2:${region}:*:${kind}/*`;
  return [
    {
      sid: "LookUpNodesAndBalancers",
      reason:
        "nodes get addresses, zones and types; Services find subnets and their balancers; reading cannot be narrowed",
      actions: [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeTags",
        // Elastic Load Balancing asks these two on the caller's behalf for the first balancer of an account, when it makes the role
        // that it works with (cloud-provider-aws pull request 59).
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstances",
        "ec2:DescribeInstanceTopology",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeRegions",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancerPolicies",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "kms:DescribeKey",
      ],
      resources: ["*"],
    },
    {
      sid: "MakeBalancers",
      reason: "a Service of type LoadBalancer makes a balancer, which carries the cluster's tag",
      actions: [
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:CreateTargetGroup",
      ],
      resources: ["*"],
      conditions: { StringEquals: owned(settings, "RequestTag") },
    },
    {
      sid: "KeepOwnBalancers",
      reason: "balancers with the cluster's tag follow their Services, and end with them",
      actions: [
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:ApplySecurityGroupsToLoadBalancer",
        "elasticloadbalancing:AttachLoadBalancerToSubnets",
        "elasticloadbalancing:ConfigureHealthCheck",
        "elasticloadbalancing:CreateLoadBalancerListeners",
        "elasticloadbalancing:CreateLoadBalancerPolicy",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteLoadBalancerListeners",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:DetachLoadBalancerFromSubnets",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:SetLoadBalancerPoliciesForBackendServer",
        "elasticloadbalancing:SetLoadBalancerPoliciesOfListener",
        "elasticloadbalancing:SetSecurityGroups",
      ],
      resources: ["*"],
      conditions: { StringEquals: owned(settings, "ResourceTag") },
    },
    {
      sid: "TagNewBalancers",
      reason: "the tag comes with the call that makes a balancer, and is authorized separately",
      actions: ["elasticloadbalancing:AddTags"],
      resources: ["*"],
      conditions: {
        StringEquals: {
          ...owned(settings, "RequestTag"),
          "elasticloadbalancing:CreateAction": ["CreateListener", "CreateLoadBalancer", "CreateTargetGroup"],
        },
      },
    },
    {
      sid: "MakeBalancersGroup",
      reason: "a balancer gets its own security group, in the cluster's VPC",
      actions: ["ec2:CreateSecurityGroup"],
      resources: [ec2("vpc"), ec2("security-group")],
    },
    {
      sid: "TagNewGroups",
      reason: "the new group carries the cluster's tag",
      actions: ["ec2:CreateTags"],
      resources: [ec2("security-group")],
      conditions: {
        StringEquals: { ...owned(settings, "RequestTag"), "ec2:CreateAction": "CreateSecurityGroup" },
      },
    },
    {
      sid: "KeepOwnGroups",
      reason: "workers let the balancers of Services in; groups end with their Services",
      actions: [
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DeleteSecurityGroup",
        "ec2:RevokeSecurityGroupIngress",
      ],
      resources: [ec2("security-group")],
      conditions: { StringEquals: owned(settings, "ResourceTag") },
    },
    {
      sid: "FirstBalancerOfAccount",
      reason: "the first balancer of an account needs the role that the service itself works with",
      actions: ["iam:CreateServiceLinkedRole"],
      resources: [
        `arn:${partition}:iam::*:role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing`,
      ],
      conditions: { StringEquals: { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" } },
    },
  ];
}

/** aws-ebs-csi-driver, docs/example-iam-policy.json; volumes and snapshots carry a tag of the driver's. */
export function storageStatements(settings: AwsCluster): Statement[] {
  const { partition, region, storage } = awsOf(settings);
  const ec2 = (kind: string) => `arn:${partition}:ec2:${region}:*:${kind}/*`;
  const made = "ebs.csi.aws.com/cluster";
  const statements: Statement[] = [
    {
      sid: "LookUpVolumes",
      reason: "which volumes and snapshots there are, and where; reading cannot be narrowed",
      actions: [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "ec2:DescribeSnapshots",
        "ec2:DescribeTags",
        "ec2:DescribeVolumeStatus",
        "ec2:DescribeVolumes",
        "ec2:DescribeVolumesModifications",
      ],
      resources: ["*"],
    },
    {
      sid: "MakeVolumes",
      reason: "a claim makes a volume, or a copy of one, which carries the driver's tag",
      actions: ["ec2:CreateVolume", "ec2:CopyVolumes"],
      resources: [ec2("volume")],
      conditions: { StringEquals: { [`aws:RequestTag/${made}`]: "true" } },
    },
    {
      sid: "MakeVolumesFromSnapshots",
      reason: "a claim may name a snapshot to start from, which is fast where its class says so",
      actions: ["ec2:CreateVolume", "ec2:EnableFastSnapshotRestores"],
      resources: [ec2("snapshot")],
    },
    {
      sid: "CopyVolumes",
      reason: "a claim may name another claim to start from, whose volume is read",
      actions: ["ec2:CopyVolumes"],
      resources: [ec2("volume")],
    },
    {
      sid: "LockOwnSnapshots",
      reason: "a class of snapshots may say that nobody deletes them for some time",
      actions: ["ec2:LockSnapshot"],
      resources: [ec2("snapshot")],
      conditions: { StringEquals: { [`aws:ResourceTag/${made}`]: "true" } },
    },
    {
      sid: "AttachVolumes",
      reason: "a volume follows its pod from node to node",
      actions: ["ec2:AttachVolume", "ec2:DetachVolume"],
      resources: [ec2("volume"), ec2("instance")],
    },
    {
      sid: "ChangeVolumes",
      reason: "claims grow, and snapshots are taken of them",
      actions: ["ec2:ModifyVolume", "ec2:CreateSnapshot"],
      resources: [ec2("volume")],
    },
    {
      sid: "MakeSnapshots",
      reason: "a snapshot carries the driver's tag",
      actions: ["ec2:CreateSnapshot"],
      resources: [ec2("snapshot")],
      conditions: { StringEquals: { [`aws:RequestTag/${made}`]: "true" } },
    },
    {
      sid: "EndOwnVolumes",
      reason: "only what the driver made is deleted",
      actions: ["ec2:DeleteVolume", "ec2:DeleteSnapshot"],
      resources: [ec2("volume"), ec2("snapshot")],
      conditions: { StringEquals: { [`aws:ResourceTag/${made}`]: "true" } },
    },
    {
      sid: "TagNewVolumes",
      reason: "tags come with the call that makes a volume, a copy or a snapshot",
      actions: ["ec2:CreateTags"],
      resources: [ec2("volume"), ec2("snapshot")],
      conditions: { StringEquals: { "ec2:CreateAction": ["CreateVolume", "CreateSnapshot", "CopyVolumes"] } },
    },
    {
      sid: "ChangeTags",
      reason:
        "a VolumeAttributesClass sets tags of volumes and takes them away; only of what the driver made",
      actions: ["ec2:CreateTags", "ec2:DeleteTags"],
      resources: [ec2("volume"), ec2("snapshot")],
      conditions: { StringEquals: { [`aws:ResourceTag/${made}`]: "true" } },
    },
  ];
  if (storage?.kmsKeyId === undefined) return statements;
  return [
    ...statements,
    {
      sid: "UseOwnKey",
      reason: "volumes are encrypted with the key of the settings",
      actions: ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext"],
      resources: [storage.kmsKeyId],
    },
    {
      sid: "LendOwnKey",
      reason: "EC2 gets a grant for each volume that is attached (aws-ebs-csi-driver, docs/faq.md)",
      actions: ["kms:CreateGrant"],
      resources: [storage.kmsKeyId],
      conditions: { Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
  ];
}
