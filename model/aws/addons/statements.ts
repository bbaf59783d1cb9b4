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
        "the cloud controller manager labels nodes with zones and types, and finds subnets and load balancers for Services; reading cannot be limited to resources",
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
        // At a destroy, which acts as the controller to find what it has left.
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "kms:DescribeKey",
      ],
      resources: ["*"],
    },
    {
      sid: "MakeBalancers",
      reason:
        "the cloud controller manager creates a load balancer with the cluster's tag for each Service of type LoadBalancer",
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
      reason:
        "the cloud controller manager updates and deletes load balancers with the cluster's tag as Services change",
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
      reason:
        "the cloud controller manager tags a load balancer in the call that creates it, which AWS authorizes separately",
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
      reason:
        "the cloud controller manager creates a security group for each load balancer, in the cluster's VPC",
      actions: ["ec2:CreateSecurityGroup"],
      resources: [ec2("vpc"), ec2("security-group")],
    },
    {
      sid: "TagNewGroups",
      reason: "the cloud controller manager tags the new security group with the cluster's tag",
      actions: ["ec2:CreateTags"],
      resources: [ec2("security-group")],
      conditions: {
        StringEquals: { ...owned(settings, "RequestTag"), "ec2:CreateAction": "CreateSecurityGroup" },
      },
    },
    {
      sid: "KeepOwnGroups",
      reason:
        "the cloud controller manager opens the workers' security groups to load balancers, and deletes groups with their Services",
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
      reason: "an account's first load balancer needs the service's own role",
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
      reason: "the EBS driver finds volumes and snapshots; reading cannot be limited to resources",
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
      reason: "the EBS driver creates a volume, or a copy of one, with the driver's tag for a claim",
      actions: ["ec2:CreateVolume", "ec2:CopyVolumes"],
      resources: [ec2("volume")],
      conditions: { StringEquals: { [`aws:RequestTag/${made}`]: "true" } },
    },
    {
      sid: "MakeVolumesFromSnapshots",
      reason:
        "the EBS driver restores a claim from a snapshot, with fast restore if the storage class asks for it",
      actions: ["ec2:CreateVolume", "ec2:EnableFastSnapshotRestores"],
      resources: [ec2("snapshot")],
    },
    {
      sid: "CopyVolumes",
      reason: "the EBS driver copies the volume of another claim that a claim names as its source",
      actions: ["ec2:CopyVolumes"],
      resources: [ec2("volume")],
    },
    {
      sid: "LockOwnSnapshots",
      reason: "the EBS driver locks snapshots if their class asks for it",
      actions: ["ec2:LockSnapshot"],
      resources: [ec2("snapshot")],
      conditions: { StringEquals: { [`aws:ResourceTag/${made}`]: "true" } },
    },
    {
      sid: "AttachVolumes",
      reason: "the EBS driver attaches a volume to the node of its pod",
      actions: ["ec2:AttachVolume", "ec2:DetachVolume"],
      resources: [ec2("volume"), ec2("instance")],
    },
    {
      sid: "ChangeVolumes",
      reason: "the EBS driver resizes volumes and takes snapshots of them",
      actions: ["ec2:ModifyVolume", "ec2:CreateSnapshot"],
      resources: [ec2("volume")],
    },
    {
      sid: "MakeSnapshots",
      reason: "the EBS driver tags snapshots with the driver's tag",
      actions: ["ec2:CreateSnapshot"],
      resources: [ec2("snapshot")],
      conditions: { StringEquals: { [`aws:RequestTag/${made}`]: "true" } },
    },
    {
      sid: "EndOwnVolumes",
      reason: "the EBS driver deletes only what the driver created",
      actions: ["ec2:DeleteVolume", "ec2:DeleteSnapshot"],
      resources: [ec2("volume"), ec2("snapshot")],
      conditions: { StringEquals: { [`aws:ResourceTag/${made}`]: "true" } },
    },
    {
      sid: "TagNewVolumes",
      reason: "the EBS driver tags a volume, a copy or a snapshot in the call that creates it",
      actions: ["ec2:CreateTags"],
      resources: [ec2("volume"), ec2("snapshot")],
      conditions: { StringEquals: { "ec2:CreateAction": ["CreateVolume", "CreateSnapshot", "CopyVolumes"] } },
    },
    {
      sid: "ChangeTags",
      reason:
        "the EBS driver sets and removes tags for a VolumeAttributesClass, only on what the driver created",
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
      reason: "volumes are encrypted with the key in the settings",
      actions: ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext"],
      resources: [storage.kmsKeyId],
    },
    {
      sid: "LendOwnKey",
      reason:
        "the EBS driver grants EC2 the use of the key for each attached volume (aws-ebs-csi-driver, docs/faq.md)",
      actions: ["kms:CreateGrant"],
      resources: [storage.kmsKeyId],
      conditions: { Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
  ];
}
