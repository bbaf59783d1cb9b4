/** The types of resources that the stand-in knows, by token without the package. */
import type { Kind } from "../kind";
import * as autoscaling from "./autoscaling";
import * as addresses from "./elasticAddresses";
import * as gateways from "./gateways";
import * as iam from "./iam";
import * as instances from "./instances";
import { launchTemplate } from "./launchTemplates";
import { listener } from "./listeners";
import * as balancers from "./loadBalancers";
import * as network from "./network";
import * as rest from "./rest";
import * as routes from "./routes";
import * as s3 from "./s3";
import * as secrets from "./secrets";
import * as groups from "./securityGroups";
import * as targets from "./targetGroups";

const kinds = {
  "ec2.Vpc": network.vpc,
  "ec2.Subnet": network.subnet,
  "ec2.SubnetCidrReservation": network.subnetCidrReservation,
  "ec2.InternetGateway": network.internetGateway,
  "ec2.NatGateway": gateways.natGateway,
  "ec2.Eip": addresses.eip,
  "ec2.EipAssociation": addresses.eipAssociation,
  "ec2.VpcEndpoint": gateways.vpcEndpoint,
  "ec2.RouteTable": routes.routeTable,
  "ec2.Route": routes.route,
  "ec2.RouteTableAssociation": routes.routeTableAssociation,
  "ec2.FlowLog": rest.flowLog,
  "ec2.SecurityGroup": groups.securityGroup,
  "vpc.SecurityGroupIngressRule": groups.securityGroupIngressRule,
  "vpc.SecurityGroupEgressRule": groups.securityGroupEgressRule,
  "ec2.KeyPair": instances.keyPair,
  "ec2.Instance": instances.instance,
  "ec2.LaunchTemplate": launchTemplate,
  "lb.LoadBalancer": balancers.loadBalancer,
  "lb.Listener": listener,
  "lb.TargetGroup": targets.targetGroup,
  "lb.TargetGroupAttachment": targets.targetGroupAttachment,
  "autoscaling.Group": autoscaling.group,
  "autoscaling.LifecycleHook": autoscaling.lifecycleHook,
  "autoscaling.Policy": autoscaling.policy,
  "iam.Role": iam.role,
  "iam.RolePolicy": iam.rolePolicy,
  "iam.Policy": iam.policy,
  "iam.RolePolicyAttachment": iam.rolePolicyAttachment,
  "iam.InstanceProfile": iam.instanceProfile,
  "iam.OpenIdConnectProvider": iam.openIdConnectProvider,
  "s3.Bucket": s3.bucket,
  "s3.BucketV2": s3.bucket,
  "s3.BucketPolicy": s3.bucketPolicy,
  "s3.BucketPublicAccessBlock": s3.bucketPublicAccessBlock,
  "s3.BucketOwnershipControls": s3.bucketOwnershipControls,
  "s3.BucketServerSideEncryptionConfiguration": s3.bucketServerSideEncryptionConfiguration,
  "s3.BucketObject": s3.bucketObject,
  "s3.BucketObjectv2": s3.bucketObjectV2,
  "secretsmanager.Secret": secrets.secret,
  "secretsmanager.SecretVersion": secrets.secretVersion,
  "ssm.Parameter": secrets.parameter,
  "route53.Record": rest.record,
  "cloudwatch.LogGroup": rest.logGroup,
  "kms.Key": rest.key,
  "kms.Alias": rest.alias,
} satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;
/** BucketV2 is an alias of Bucket: one store for both. */
export type StoredName = Exclude<KindName, "s3.BucketV2">;

export const kindNames = Object.keys(kinds).filter((name): name is StoredName => name !== "s3.BucketV2");

/** `aws:ec2/vpc:Vpc` is `ec2.Vpc`. */
export function kindOf(type: string): { readonly name: StoredName; readonly kind: Kind } {
  const [, module, name] = /^aws:(\w+)\/\w+:(\w+)$/.exec(type) ?? [];
  const found = `${module}.${name}`;
  if (!(found in kinds)) throw new Error(`the stand-in for the provider "aws" does not know ${type}`);
  const known = found as KindName;
  return { name: known === "s3.BucketV2" ? "s3.Bucket" : known, kind: kinds[known] };
}
