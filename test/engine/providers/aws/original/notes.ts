/**
 * What the table of arguments cannot say: which change replaces only sometimes, what an operation waits for besides its own
 * time, and where the stand-in is not as the original. Lines as in original.ts.
 */
import type { StoredName } from "../kinds";

export interface Note {
  /** Of the type's own file, or of `file`. */
  readonly line: number;
  readonly file?: string;
  readonly what: string;
}

export interface Wait {
  readonly line: number;
  readonly on: "create" | "update" | "delete";
  readonly seconds: number;
  /** What it waits for, or which refusal it tries again. */
  readonly what: string;
}

type ByType<T> = Partial<Readonly<Record<StoredName, readonly T[]>>>;

/** Changes that replace under a condition, and what else the original decides when it plans. */
export const conditions: ByType<Note> = {
  "ec2.Vpc": [
    {
      line: 517,
      what: "`instanceTenancy` replaces, unless it changes from `dedicated` to `default`",
    },
    { line: 527, what: "`cidrBlock` replaces, unless its length comes from IPAM" },
  ],
  "ec2.NatGateway": [
    {
      line: 369,
      what: "`allocationId` and `secondaryAllocationIds` are refused with `connectivityType: private`",
    },
  ],
  "ec2.RouteTableAssociation": [
    { line: 127, what: "another `routeTableId` moves the association in place; its id changes" },
  ],
  "vpc.SecurityGroupIngressRule": [
    { line: 402, what: "another kind of source replaces the rule; another source of the same kind does not" },
  ],
  "ec2.Instance": [
    { line: 182, what: "`creditSpecification` that is left out is kept" },
    {
      line: 297,
      what: "a further volume is told by its device and snapshot: another one replaces, and any other change of one that is there goes unseen",
    },
    {
      line: 898,
      what: "`userData` replaces with `userDataReplaceOnChange`, and else stops and starts the instance",
    },
    { line: 901, what: "`userDataBase64`: the same" },
    { line: 904, what: "`instanceType` replaces if the two types have no architecture in common" },
    {
      line: 2145,
      what: "a destroy takes termination protection away; version 6.9 and later only with `forceDestroy`",
    },
  ],
  "ec2.LaunchTemplate": [
    { line: 952, what: "`defaultVersion` is unknown in the plan of a change with `updateDefaultVersion`" },
    {
      line: 963,
      what: "`latestVersion` is unknown in the plan of any change but of name, description and default version",
    },
  ],
  "autoscaling.Group": [
    { line: 945, what: "a launch template that is given by another name has an unknown id in the plan" },
    {
      line: 3994,
      what: "a template that changes during a refresh cancels this refresh and starts another",
    },
  ],
  "autoscaling.LifecycleHook": [
    {
      line: 92,
      what: "an update puts the hook anew, so it is there afterwards even if it was gone; a changed group name is an update, and leaves the hook of the other group behind",
    },
  ],
  "lb.LoadBalancer": [
    {
      line: 1118,
      what: "network: fewer `subnetMappings` replace; as many do not, although the code means it, because a set of blocks is told by its number",
    },
    { line: 1124, what: "network: more `subnetMappings` replace if one of the old ones is not among them" },
    {
      line: 1142,
      what: "network: as many or fewer `subnets` replace; more of them do not, whichever they are",
    },
    { line: 1160, what: "network: the first and the last security group replace" },
    {
      line: 1193,
      what: "application: more or fewer `subnetMappings` replace if one of the kept ones changes; as many do not, for the same reason",
    },
  ],
  "lb.TargetGroup": [
    {
      line: 1000,
      what: "`healthCheck.matcher` and `healthCheck.path` are refused with `healthCheck.protocol: TCP`",
    },
    { line: 1021, what: "`healthCheck.protocol: TCP` is refused with `protocol: HTTP` and `HTTPS`" },
    { line: 1067, what: "`port`, `protocol` and `vpcId` are required unless `targetType` is `lambda`" },
  ],
  "lb.Listener": [
    {
      line: 1266,
      what: "an action has one of `targetGroupArn` and `forward`, and an action of type `forward` has one",
    },
  ],
  "ssm.Parameter": [
    { line: 127, what: "`tier` replaces from `Advanced` to `Standard`" },
    { line: 130, what: "`version` and `insecureValue` are unknown in the plan of a changed `value`" },
  ],
  "s3.BucketObjectv2": [
    {
      line: 636,
      what: "`versionId` is unknown in the plan of any change but of ACL, tags and `forceDestroy`",
    },
  ],
  "route53.Record": [
    { line: 499, what: "another `type` deletes the old record and makes the new one, in one change" },
  ],
};

/** Waits besides the times of the resource, which customTimeouts do not reach. */
export const waits: ByType<Wait> = {
  "ec2.Vpc": [
    { line: 453, on: "delete", seconds: 300, what: "DependencyViolation; longer only by destroying again" },
  ],
  "ec2.SecurityGroup": [
    {
      line: 369,
      on: "delete",
      seconds: 60,
      what: "then it revokes the rules that name the group, and goes on",
    },
    { line: 417, on: "delete", seconds: 300, what: "until the group is not found" },
  ],
  "ec2.FlowLog": [{ line: 248, on: "create", seconds: 120, what: "a role that IAM does not show yet" }],
  "ec2.Instance": [
    { line: 1017, on: "create", seconds: 120, what: "an instance profile that IAM does not show yet" },
    { line: 2065, on: "update", seconds: 600, what: "the stop, and as long for the start" },
  ],
  "autoscaling.Group": [
    { line: 1146, on: "create", seconds: 120, what: "an instance profile that IAM does not show yet" },
    {
      line: 1207,
      on: "create",
      seconds: 600,
      what: "at least the desired capacity healthy; the time is `waitForCapacityTimeout`",
    },
    {
      line: 1704,
      on: "update",
      seconds: 600,
      what: "exactly the desired capacity healthy, if `minSize` or `desiredCapacity` changed",
    },
    { line: 3989, on: "update", seconds: 900, what: "a refresh under way to be cancelled" },
  ],
  "autoscaling.LifecycleHook": [
    { line: 126, on: "create", seconds: 300, what: "a notification target that IAM does not show yet" },
  ],
  "lb.LoadBalancer": [
    { line: 661, on: "delete", seconds: 300, what: "its network interfaces to go; a warning if they stay" },
  ],
  "lb.TargetGroup": [
    { line: 691, on: "delete", seconds: 120, what: "ResourceInUse: a listener still forwards to it" },
  ],
  "lb.TargetGroupAttachment": [
    { line: 78, on: "create", seconds: 600, what: "InvalidTarget: an instance that does not run yet" },
  ],
  "iam.Role": [{ line: 540, on: "delete", seconds: 120, what: "DeleteConflict" }],
  "iam.InstanceProfile": [
    { line: 269, on: "create", seconds: 120, what: "a role that IAM does not show yet" },
  ],
  "secretsmanager.Secret": [
    {
      line: 178,
      on: "create",
      seconds: 120,
      what: "a name whose secret is scheduled for deletion: it is free only where the window was 0",
    },
    { line: 386, on: "delete", seconds: 120, what: "until the secret is not found" },
  ],
  "s3.BucketPolicy": [
    { line: 76, on: "create", seconds: 120, what: "a bucket or principal that is not seen yet" },
  ],
  "s3.BucketPublicAccessBlock": [
    { line: 80, on: "create", seconds: 120, what: "a bucket that is not seen yet" },
  ],
  "route53.Record": [
    { line: 391, on: "create", seconds: 1800, what: "the change to be in sync (change_info.go, line 64)" },
  ],
  "cloudwatch.LogGroup": [{ line: 244, on: "delete", seconds: 60, what: "OperationAborted" }],
};

const NAMED_BY_PULUMI = "Pulumi takes the resource's name where none is given";

/** Arguments whose words are others in the stand-in, and why. */
export const otherWords: Partial<Readonly<Record<StoredName, Readonly<Record<string, string>>>>> = {
  "s3.BucketObject": {
    acl: "the stand-in fills in `private` when it makes the object",
    key: NAMED_BY_PULUMI,
  },
  "s3.BucketObjectv2": { key: NAMED_BY_PULUMI },
  "ec2.Instance": {
    creditSpecification: "the original has no difference where it is left out, as if it were computed",
    privateDnsNameOptions:
      "the original replaces if the block comes or goes; EC2 always reports one, so only its parts change",
  },
};

/** Defaults that the stand-in does not fill in, and why. */
export const otherDefaults: Partial<Readonly<Record<StoredName, Readonly<Record<string, string>>>>> = {
  "s3.BucketObject": { acl: "the stand-in fills in `private` when it makes the object" },
  "lb.LoadBalancer": {
    dnsRecordClientRoutingPolicy: "the original fills it in for network load balancers alone",
    idleTimeout: "the original fills it in for application load balancers alone",
  },
};

/** Where the stand-in does not behave as the original, beyond arguments that it does not have. */
export const notAsOriginal: ByType<string> = {
  "ec2.Eip": ["`domain: standard` is refused: accounts have no EC2-Classic"],
  "ec2.VpcEndpoint": ["types other than `Gateway` and `Interface` are refused"],
  "vpc.SecurityGroupIngressRule": ["`tagsAll` is filled in as for every type, not by the provider"],
  "vpc.SecurityGroupEgressRule": ["`tagsAll` is filled in as for every type, not by the provider"],
  "ec2.SecurityGroup": ["the retries of a delete; a group in use is refused at once"],
  "ec2.Vpc": ["the retries of a delete; a VPC that is not empty is refused at once"],
  "ec2.Subnet": ["the retries of a delete; a subnet in use is refused at once"],
  "ec2.InternetGateway": ["the retries of a delete; mapped addresses refuse it at once"],
  "ec2.Instance": ["the wait for a stop and a start"],
  "autoscaling.Group": [
    "the two phases of a group with initial hooks: made empty, then scaled",
    "a refresh that is under way is never cancelled: a refresh ends within the update",
  ],
  "autoscaling.LifecycleHook": [
    "the id has the group's name in it, since two groups may have hooks of one name",
    "a changed group name takes the hook along, and leaves none behind",
  ],
  "lb.LoadBalancer": [
    "the wait for network interfaces after a delete: they go with the load balancer",
    "another fixed address in a subnet that is kept is refused; what AWS says to it is not known",
  ],
  "lb.TargetGroup": ["the retries of a delete; a target group in use is refused at once"],
  "lb.TargetGroupAttachment": ["the wait for an instance that does not run yet"],
  "secretsmanager.Secret": ["a name that is scheduled for deletion is refused at once"],
  "route53.Record": ["a changed `type` changes the record in place", "routing policies and health checks"],
};

/** Files that could be read in version 6, and what they say besides; some came without their commit. */
export const readInVersion6: Partial<
  Readonly<Record<StoredName, { readonly commit?: string; readonly what: string }>>
> = {
  "ec2.Subnet": {
    what: "6.8 or later: the same words and times; `cidrBlock` became computed after it, for addresses from IPAM",
  },
  "autoscaling.LifecycleHook": {
    commit: "00a35305dc1b297a6fcdecdfbba33f1e63c3da39",
    what: "the same arguments and words",
  },
  "lb.LoadBalancer": {
    commit: "00edc94be7a89c4c485415cdec27094875f61bfc",
    what: "the same conditions; the wait for network interfaces of an application load balancer is 35 minutes",
  },
  "secretsmanager.SecretVersion": {
    commit: "0042e8ea0de293c6cd8b003f89f7f4d2fb5fcf31",
    what: "the same words; write-only arguments came",
  },
  "ec2.VpcEndpoint": {
    commit: "008db85aad5e56627b1eecab8830464a282552ed",
    what: "`serviceName` is no longer required; `privateDnsEnabled` replaces unless the type is `Interface`; `networkInterfaceIds` are unknown in the plan of changed subnets",
  },
  "ec2.NatGateway": {
    what: "of 2026: `secondaryAllocationIds` are computed; `availabilityMode` (computed, replaces), `availabilityZoneAddresses` and `vpcId` (computed, replaces) came, for a gateway of the whole VPC; the same times",
  },
};
