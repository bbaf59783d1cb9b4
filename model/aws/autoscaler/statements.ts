import { awsOf, type AwsCluster } from "../spec";
import type { Statement } from "../statement";
import { autoscalerTag } from "../tags";

/** cluster-autoscaler, cloudprovider/aws/README.md, "Full Cluster Autoscaler Features Policy", without the node groups of EKS. */
export function autoscalerStatements(settings: AwsCluster): Statement[] {
  const { partition, region } = awsOf(settings);
  return [
    {
      sid: "LookUpGroups",
      reason:
        "Cluster Autoscaler finds the pools' groups and the resources of their nodes; reading cannot be limited to resources",
      actions: [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
      ],
      resources: ["*"],
    },
    {
      sid: "ScaleOwnGroups",
      reason: "Cluster Autoscaler resizes the groups of pools with min and max",
      actions: ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
      resources: [
        `arn:${partition}:autoscaling:${region}:*:autoScalingGroup:*:autoScalingGroupName/kubeadm-*`,
      ],
      // EC2 Auto Scaling User Guide, "Tags for security".
      conditions: { StringEquals: { [`autoscaling:ResourceTag/${autoscalerTag(settings.name)}`]: "owned" } },
    },
  ];
}
