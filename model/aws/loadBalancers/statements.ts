import { clusterTag } from "../names";
import { awsOf, type AwsCluster } from "../spec";
import type { Statement } from "../statement";

/** The tag of AWS Load Balancer Controller on what it creates; its value is the cluster's name. */
const OWN_TAG = "elbv2.k8s.aws/cluster";

/**
 * aws-load-balancer-controller v3.5.0, docs/install/iam_policy.json, without Shield, WAF, Cognito, Outposts and IPAM; where upstream
 * asks for any value of its tag, the value is this cluster's name, and rules change only in groups that are the cluster's.
 */
export function loadBalancerStatements(settings: AwsCluster): Statement[] {
  const { partition, region } = awsOf(settings);
  const { name } = settings;
  const ec2 = (kind: string) => `arn:${partition}:ec2:${region}:*:${kind}/*`;
  const elb = (kind: string) => `arn:${partition}:elasticloadbalancing:${region}:*:${kind}/*`;
  const own = { StringEquals: { [`aws:ResourceTag/${OWN_TAG}`]: name } };
  const fresh = { StringEquals: { [`aws:RequestTag/${OWN_TAG}`]: name } };
  const balancers = [elb("loadbalancer/net"), elb("loadbalancer/app"), elb("targetgroup")];
  const listeners = [
    elb("listener/net"),
    elb("listener/app"),
    elb("listener-rule/net"),
    elb("listener-rule/app"),
  ];
  return [
    {
      sid: "LookUpBalancers",
      reason:
        "AWS Load Balancer Controller finds subnets, security groups, nodes, certificates and its load balancers; reading cannot be limited to resources",
      actions: [
        "acm:DescribeCertificate",
        "acm:ListCertificates",
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeAddresses",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstances",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
        "ec2:DescribeVpcPeeringConnections",
        "ec2:DescribeVpcs",
        "ec2:GetSecurityGroupsForVpc",
        "elasticloadbalancing:DescribeCapacityReservation",
        "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeListenerCertificates",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeSSLPolicies",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:DescribeTrustStores",
        "iam:GetServerCertificate",
        "iam:ListServerCertificates",
      ],
      resources: ["*"],
    },
    {
      sid: "FirstBalancer",
      reason: "an account's first load balancer needs the service's own role",
      actions: ["iam:CreateServiceLinkedRole"],
      resources: [
        `arn:${partition}:iam::*:role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing`,
      ],
      conditions: { StringEquals: { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" } },
    },
    {
      sid: "CreateOwnBalancers",
      reason: "AWS Load Balancer Controller creates load balancers and target groups with its tag",
      actions: ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"],
      resources: ["*"],
      conditions: fresh,
    },
    {
      sid: "TagCreatedBalancers",
      reason: "AWS Load Balancer Controller sets tags in the call that creates a load balancer",
      actions: ["elasticloadbalancing:AddTags"],
      resources: balancers,
      conditions: {
        StringEquals: {
          ...fresh.StringEquals,
          "elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateLoadBalancer"],
        },
      },
    },
    {
      sid: "ChangeOwnBalancers",
      reason:
        "AWS Load Balancer Controller updates and deletes load balancers with its tag as objects change",
      actions: [
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:ModifyCapacityReservation",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetIpAddressType",
        "elasticloadbalancing:SetSecurityGroups",
        "elasticloadbalancing:SetSubnets",
      ],
      resources: balancers,
      conditions: own,
    },
    {
      // Upstream ties these to no tag: a listener has its tags only after it was created.
      sid: "ChangeListeners",
      reason: "AWS Load Balancer Controller keeps the listeners and rules of load balancers",
      actions: [
        "elasticloadbalancing:AddListenerCertificates",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:CreateRule",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DeleteRule",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyListenerAttributes",
        "elasticloadbalancing:ModifyRule",
        "elasticloadbalancing:RemoveListenerCertificates",
        "elasticloadbalancing:RemoveTags",
        "elasticloadbalancing:SetRulePriorities",
      ],
      resources: [elb("loadbalancer/net"), elb("loadbalancer/app"), ...listeners],
    },
    {
      sid: "CreateGroups",
      reason: "AWS Load Balancer Controller creates security groups for load balancers",
      actions: ["ec2:CreateSecurityGroup"],
      resources: [ec2("vpc"), ec2("security-group")],
    },
    {
      sid: "TagCreatedGroups",
      reason: "AWS Load Balancer Controller tags a security group in the call that creates it",
      actions: ["ec2:CreateTags"],
      resources: [ec2("security-group")],
      conditions: { StringEquals: { ...fresh.StringEquals, "ec2:CreateAction": "CreateSecurityGroup" } },
    },
    {
      sid: "ChangeOwnGroups",
      reason:
        "AWS Load Balancer Controller keeps the rules and tags of its security groups, and deletes them",
      actions: [
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateTags",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteTags",
        "ec2:RevokeSecurityGroupIngress",
      ],
      resources: [ec2("security-group")],
      conditions: own,
    },
    {
      sid: "OpenNodesToBalancers",
      reason: "AWS Load Balancer Controller opens the nodes' security groups to its load balancers",
      actions: ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
      resources: [ec2("security-group")],
      conditions: { StringEquals: { [`aws:ResourceTag/${clusterTag(name)}`]: "owned" } },
    },
  ];
}
