import type { AwsPool, AwsSettings } from "./settings";
import { autoscalerStatements } from "./autoscaler/statements";
import { cloudControllerStatements, storageStatements } from "./addons/statements";
import { backupStatements } from "./backup";
import { apiBalancers } from "./firewall";
import {
  apiBalancerName,
  bastionHostKeySecret,
  bootBucketParameter,
  bootBucketPrefix,
  bucketPattern,
  hostKeySecret,
  joinParameter,
  parameterPrefix,
  poolGroupName,
  statusPrefix,
} from "./names";
import { loadBalancerStatements } from "./loadBalancers/statements";
import { rotationStatements } from "./rotation/statements";
import { pullStatements } from "./ecr/registry";
import { sessionStatements } from "./sessions/statements";
import { awsOf, type AwsCluster } from "./spec";
import type { Statement } from "./statement";
import { CLUSTER_TAG, POOL_TAG } from "./tags";

/** A policy document as IAM reads it; reasons have no place there, and are in the docs. */
export function policyDocument(statements: readonly Statement[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map(({ sid, actions, resources, conditions }) => ({
      Sid: sid,
      Effect: "Allow",
      Action: actions,
      Resource: resources,
      ...(conditions === undefined ? {} : { Condition: conditions }),
    })),
  });
}

/** EC2's service principal; China's own regions have their own DNS suffix (IAM User Guide, "AWS JSON policy elements"). */
export function instanceTrust(aws: AwsSettings): string {
  return serviceTrust(aws.partition === "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com");
}

export function serviceTrust(service: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  });
}

/** Who may take on an add-on's role: the one service account, with a token made for AWS. */
export interface WebIdentity {
  /** ARN of the IAM OIDC provider. */
  readonly providerArn: string;
  /** The issuer without `https://`. */
  readonly issuerHost: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience: string;
}

export function webIdentityTrust(identity: WebIdentity): string {
  const { issuerHost, namespace, serviceAccount, audience } = identity;
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: identity.providerArn },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            [`${issuerHost}:sub`]: `system:serviceaccount:${namespace}:${serviceAccount}`,
            [`${issuerHost}:aud`]: audience,
          },
        },
      },
    ],
  });
}

/**
 * ARNs have `*` for the account: nothing of another account can be reached by a policy of this one alone, and the document is
 * whole before anything is made.
 */
function arn({ partition, region }: AwsSettings, service: string, resource: string): string {
  return `arn:${partition}:${service}:${region}:*:${resource}`;
}

/** Secrets Manager ends a secret's ARN in a hyphen and six characters of its own. */
function secretArn(aws: AwsSettings, name: string): string {
  return arn(aws, "secretsmanager", `secret:${name}-??????`);
}

function parameterArn(aws: AwsSettings, name: string): string {
  return arn(aws, "ssm", `parameter${name}`);
}

/**
 * What control-plane nodes may do. Without pod identity the add-ons on them have no separate role, and use this one.
 */
export function controlPlaneStatements(settings: AwsCluster): Statement[] {
  const aws = awsOf(settings);
  const { name } = settings;
  return [
    {
      sid: "ReadOwnHostKey",
      reason:
        "a control-plane node reads its SSH host key at first boot, so that the first connection is verified; the cluster's key pairs arrive over SSH",
      actions: ["secretsmanager:GetSecretValue"],
      resources: [secretArn(aws, hostKeySecret(name))],
    },
    {
      sid: "KeepJoinCredentials",
      reason: "a timer writes a fresh credential, valid for hours, for each pool",
      actions: ["ssm:PutParameter", "ssm:GetParameter"],
      resources: [parameterArn(aws, `${parameterPrefix(name)}/*/join`)],
    },
    {
      sid: "KnowInstances",
      reason:
        "a node of a pool may join if EC2 has a running instance of the pool with that name (reading cannot be limited to resources)",
      actions: ["ec2:DescribeInstances"],
      resources: ["*"],
    },
    {
      sid: "ReadPoolStatus",
      reason: "up shows the results of a pool's boots, and deletes what it has shown",
      actions: ["ssm:GetParametersByPath", "ssm:DeleteParameters"],
      resources: [parameterArn(aws, `${parameterPrefix(name)}/*/status`)].flatMap((path) => [
        path,
        `${path}/*`,
      ]),
    },
    {
      sid: "ReadScalingActivities",
      reason:
        "up shows why a pool's group starts no instance, such as quotas or capacity; reading cannot be limited to resources",
      actions: ["autoscaling:DescribeScalingActivities"],
      resources: ["*"],
    },
    ...deregistrationStatements(settings),
    ...backupStatements(settings),
    ...repairStatements(settings),
    ...rotationStatements(settings),
    ...(aws.podIdentity === undefined
      ? [
          ...cloudControllerStatements(settings),
          ...(aws.storage === undefined ? [] : storageStatements(settings)),
          ...(aws.clusterAutoscaler === undefined ? [] : autoscalerStatements(settings)),
          ...(aws.loadBalancerController === undefined ? [] : loadBalancerStatements(settings)),
        ]
      : []),
    ...pullStatements(aws),
    ...sessionStatements(aws),
  ];
}

/** What takes a control-plane node out of the API's load balancers, and puts it back. */
function deregistrationStatements(settings: AwsCluster): Statement[] {
  const aws = awsOf(settings);
  const groups = apiBalancers(aws).map((part) =>
    arn(aws, "elasticloadbalancing", `targetgroup/${apiBalancerName(settings.name, part)}/*`),
  );
  if (groups.length === 0) return [];
  const see: Statement = {
    sid: "SeeTargets",
    reason:
      "a control-plane node waits until the API's load balancers have let go of one that leaves; reading cannot be limited to resources",
    actions: ["elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"],
    resources: ["*"],
  };
  return [
    // Without pod identity the cloud controller's own statement has both, and the role's policy has little room.
    ...(aws.podIdentity === undefined ? [] : [see]),
    {
      sid: "LeaveBalancers",
      reason:
        "a control-plane node that leaves is taken out of the API's load balancers before its etcd member is removed, and put back if it stays",
      actions: ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
      resources: groups,
    },
  ];
}

/**
 * Groups of the cluster, where a pool's ill nodes are replaced, or those that a restored cluster does not know; one ARN for all of them,
 * since many would fill the role's policy.
 */
function repairStatements(settings: AwsCluster): Statement[] {
  const { pools } = awsOf(settings);
  const restores = settings.etcd?.restore !== undefined && pools.length > 0;
  if (!restores && pools.every(({ repair }) => repair === undefined)) return [];
  return [
    {
      sid: "ReplaceIllNodes",
      reason:
        "the pool's group replaces the instance of a node that stays NotReady, or that etcd.restore has left without its Node",
      actions: ["autoscaling:SetInstanceHealth"],
      resources: [arn(awsOf(settings), "autoscaling", "autoScalingGroup:*:autoScalingGroupName/kubeadm-*")],
      // EC2 Auto Scaling User Guide, "Tags for security".
      conditions: { StringEquals: { [`autoscaling:ResourceTag/${CLUSTER_TAG}`]: settings.name } },
    },
  ];
}

function groupArn(settings: AwsCluster, pool: string): string {
  const group = poolGroupName(settings.name, pool);
  return arn(awsOf(settings), "autoscaling", `autoScalingGroup:*:autoScalingGroupName/${group}`);
}

/** What instances of one pool may do. */
export function poolStatements(settings: AwsCluster, pool: AwsPool): Statement[] {
  const aws = awsOf(settings);
  return [
    {
      sid: "ReadOwnJoinCredential",
      reason: "the boot script joins with the credential that control-plane nodes keep for this pool only",
      actions: ["ssm:GetParameter"],
      resources: [parameterArn(aws, joinParameter(settings.name, pool.name))],
    },
    {
      sid: "FindBootFiles",
      reason: "the boot script looks up the bucket with the cluster's boot files",
      actions: ["ssm:GetParameter"],
      resources: [parameterArn(aws, bootBucketParameter(settings.name))],
    },
    {
      sid: "ReadOwnBootFiles",
      reason:
        "the boot script downloads its pool's files, which contain no secrets, by the digest in the user data",
      actions: ["s3:GetObject"],
      resources: [
        `arn:${aws.partition}:s3:::${bucketPattern(bootBucketPrefix(settings.name))}/${pool.name}/*`,
      ],
      // A bucket's name says nothing of its account: somebody else's may begin alike.
      conditions: { StringEquals: { "aws:ResourceAccount": "${aws:PrincipalAccount}" } },
    },
    {
      sid: "WriteOwnStatus",
      reason: "the boot script reports its phase, exit status and the end of its log, which up shows",
      actions: ["ssm:PutParameter"],
      resources: [parameterArn(aws, `${statusPrefix(settings.name, pool.name)}/*`)],
    },
    {
      sid: "AnswerHooks",
      reason: "a new instance reports when it is a Ready node, and a terminating one when its pods are gone",
      actions: ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
      resources: [groupArn(settings, pool.name)],
    },
    ...(pool.sourceDestinationCheckOff ? [sourceCheckStatement(aws, pool)] : []),
    ...(pool.platform === "linux" ? pullStatements(aws) : []),
    ...sessionStatements(aws),
  ];
}

/** A launch template has no such option, so each instance switches the check off for itself at boot. */
function sourceCheckStatement(aws: AwsSettings, pool: AwsPool): Statement {
  return {
    sid: "SwitchSourceCheckOff",
    reason:
      "the instance turns off its own source/destination check, because EC2 would drop packets with pod addresses",
    actions: ["ec2:ModifyInstanceAttribute"],
    resources: [arn(aws, "ec2", "instance/*")],
    conditions: {
      // EC2 User Guide, "Identity-based policies for Amazon EC2": ec2:Attribute/<name> holds the value that is set.
      // Without case: how EC2 writes a value of its own is not promised.
      StringEqualsIgnoreCase: { "ec2:Attribute/SourceDestCheck": "false" },
      StringEquals: { [`aws:ResourceTag/${POOL_TAG}`]: pool.name },
    },
  };
}

export function bastionStatements(settings: AwsCluster): Statement[] {
  const aws = awsOf(settings);
  return [
    {
      sid: "ReadOwnHostKey",
      reason: "the bastion reads its SSH host key at first boot, so that the first connection is verified",
      actions: ["secretsmanager:GetSecretValue"],
      resources: [secretArn(aws, bastionHostKeySecret(settings.name))],
    },
    ...sessionStatements(aws),
  ];
}

/** What the service of flow logs may do (VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs"). */
export function flowLogStatements(aws: AwsSettings, logGroup: string): Statement[] {
  return [
    {
      sid: "WriteFlowLogs",
      reason: "EC2 writes the VPC's flow logs to their log group",
      actions: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
      resources: [arn(aws, "logs", `log-group:${logGroup}`), arn(aws, "logs", `log-group:${logGroup}:*`)],
    },
  ];
}

/** Every role of a cluster, for the plan and the docs. */
export interface InstanceProfileRole {
  readonly role: string;
  readonly statements: readonly Statement[];
  /** ARNs of managed policies that the settings attach. */
  readonly policyArns?: readonly string[];
}

export function rolesOf(settings: AwsCluster): InstanceProfileRole[] {
  const aws = awsOf(settings);
  const identity = aws.podIdentity !== undefined;
  return [
    {
      role: "control plane",
      statements: controlPlaneStatements(settings),
      policyArns: aws.controlPlane.attached.policyArns,
    },
    ...aws.pools.map((pool) => ({
      role: `pool ${pool.name}`,
      statements: poolStatements(settings, pool),
      policyArns: pool.attached.policyArns,
    })),
    ...(aws.bastion ? [{ role: "bastion", statements: bastionStatements(settings) }] : []),
    ...(identity
      ? [{ role: "cloud controller manager", statements: cloudControllerStatements(settings) }]
      : []),
    ...(identity && aws.storage ? [{ role: "EBS CSI driver", statements: storageStatements(settings) }] : []),
    ...(identity && aws.clusterAutoscaler
      ? [{ role: "Cluster Autoscaler", statements: autoscalerStatements(settings) }]
      : []),
    ...(identity && aws.loadBalancerController
      ? [{ role: "AWS Load Balancer Controller", statements: loadBalancerStatements(settings) }]
      : []),
  ];
}
