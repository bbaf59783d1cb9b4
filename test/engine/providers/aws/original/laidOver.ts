/**
 * What pulumi-aws lays over the original: facts, no text of it. A place is a key in a file, which is found there by its name;
 * `rules/laidOver.test.ts` holds the stand-in against what of it matters to a program.
 */
import type { StoredName } from "../kinds";

export const layerRepository = "https://github.com/pulumi/pulumi-aws";

/** Files of version 7 and the commit each was read at: single files could be had, no tree. */
const files = {
  overrides: ["provider/resource_overrides.go", "015d343812852f40a045a28e7f6e04bca69548f3"],
  aliases: ["provider/aliases.go", "0c5f6583ebfb37cbe0febc2edb51b44cfeac2b15"],
  autonaming: ["provider/autonaming.go", "0c5f6583ebfb37cbe0febc2edb51b44cfeac2b15"],
  compatibility: ["provider/compatibility.go", "0c5f6583ebfb37cbe0febc2edb51b44cfeac2b15"],
  region: ["provider/region.go", "72bd5227071b497eafc5da8a7955461ebc7dc9d2"],
  tags: ["provider/tags.go", "1128bcae484dfe2b05ecf5f4d3c51649b462e054"],
  targetGroup: [
    "patches/0011-Fix-elbv2-target-group-read-to-workaround-2517.patch",
    "04ca7bbdedf14b33a7d9a08f1bc00d9619521cf1",
  ],
  tier: ["patches/0003-Workaround-SSM-Parameter-tier-bug.patch", "d8902427453703bbb6f5f0fca9e8dec02eddd947"],
} as const;

interface LaidOver {
  readonly what: string;
  readonly file: keyof typeof files;
  /** Name of the function, or key of the type; default: the original's name of the type. */
  readonly at?: string;
  /** Where that begins; default, in the overrides: where the type does. */
  readonly line?: number;
}

/** Over every type, or every type that has the argument. */
export const overAll: readonly LaidOver[] = [
  {
    what: "`region` is filled in with the provider's before the arguments are checked, so that a provider which goes to another region replaces everything; types without a region (IAM, Route 53) have no such argument",
    file: "region",
    at: "applyRegion",
    line: 43,
  },
  {
    what: "`tagsAll` is filled in before the arguments are checked: the provider's default tags under the resource's own, without ignored ones; not for types of the plugin framework (rules of security groups), whose provider computes it",
    file: "tags",
    at: "applyTags",
    line: 25,
  },
  {
    what: "`name` that nobody gives is the resource's name, a dash and seven digits, kept from then on, at most 255 characters unless it says otherwise below; a longer one is refused, not cut; none where `namePrefix` is given",
    file: "autonaming",
    at: "setAutonaming",
    line: 13,
  },
  {
    what: "a resource whose name somebody chose is deleted before its replacement is made (the bridge's nameRequiresDeleteBeforeReplace)",
    file: "autonaming",
    at: "setAutonaming",
    line: 13,
  },
];

const DOCUMENT = "may be given as an object, which goes on as JSON";

/** Types that are not here have nothing laid over them but what is laid over all. */
export const laidOver: Partial<Readonly<Record<StoredName, readonly LaidOver[]>>> = {
  "autoscaling.Group": [
    { what: "`tag` of the original is `tags`", file: "overrides" },
    {
      what: "`forceDelete`, `forceDeleteWarmPool` and `waitForCapacityTimeout` have their defaults in the outputs where the state has none",
      file: "overrides",
    },
  ],
  "cloudwatch.LogGroup": [{ what: "its id is its `name`", file: "overrides" }],
  "ec2.Instance": [
    {
      what: "`securityGroups` is deprecated: a change replaces, one of `vpcSecurityGroupIds` does not",
      file: "overrides",
    },
  ],
  "ec2.KeyPair": [{ what: "`keyName` is the name that is made, at most 255 characters", file: "overrides" }],
  "ec2.SecurityGroup": [
    {
      what: "`description` is by default `Managed by Pulumi`, where the original has its own",
      file: "overrides",
    },
    { what: "`ingress` and `egress` are lists by these names", file: "overrides" },
  ],
  "iam.Policy": [{ what: `\`policy\` ${DOCUMENT}`, file: "overrides" }],
  "iam.RolePolicy": [{ what: `\`policy\` ${DOCUMENT}`, file: "overrides" }],
  "iam.Role": [
    { what: "a made `name` has at most 64 characters", file: "overrides" },
    { what: `\`assumeRolePolicy\` ${DOCUMENT}`, file: "overrides" },
    {
      what: "`inlinePolicies` without a document are left out, unless they have no `policy` at all",
      file: "overrides",
    },
  ],
  "iam.RolePolicyAttachment": [
    {
      what: "always deleted before its replacement is made, since both may be one attachment to AWS",
      file: "overrides",
    },
  ],
  "kms.Alias": [
    {
      what: "a made `name` begins with `alias/` and has at most 238 characters before that",
      file: "overrides",
    },
  ],
  "lb.LoadBalancer": [
    {
      what: "a made `name` may have 255 characters, of which the original takes 32: give one",
      file: "aliases",
      line: 57,
    },
  ],
  "lb.TargetGroup": [
    { what: "a made `name` has at most 32 characters", file: "aliases", line: 69 },
    {
      what: "a patch reads `stickiness`, `targetFailovers`, `targetGroupHealth` and `targetHealthStates` without content as absent, not as one empty block",
      file: "targetGroup",
      at: "fix2517",
    },
  ],
  "route53.Record": [
    { what: "no `name` is made: it is what the record is called", file: "overrides" },
    { what: "`aliases` and the routing policies are lists", file: "overrides" },
  ],
  "s3.Bucket": [
    { what: "a made `bucket` has at most 63 characters, in lower case", file: "overrides" },
    { what: "the same resource as the former `s3.BucketV2`, which is an alias", file: "overrides" },
    {
      what: "`s3.BucketV2` is still there, deprecated, as a clone of the same original with lists where there are objects now",
      file: "compatibility",
      at: "aws_s3_bucket_v2_compat",
      line: 14,
    },
  ],
  "s3.BucketObject": [
    { what: "`key` that nobody gives is the resource's name, without digits", file: "overrides" },
    { what: "a `key` that somebody chose does not make it deleted first", file: "overrides" },
    { what: "its id is `bucket` and `key`", file: "overrides" },
  ],
  "s3.BucketObjectv2": [
    { what: "`key` that nobody gives is the resource's name, without digits", file: "overrides" },
    { what: "a `key` that somebody chose does not make it deleted first", file: "overrides" },
    { what: "its id is `bucket` and `key`", file: "overrides" },
  ],
  "s3.BucketPolicy": [{ what: `\`policy\` ${DOCUMENT}`, file: "overrides" }],
  "s3.BucketServerSideEncryptionConfiguration": [
    { what: "the former `…V2` type is an alias", file: "overrides" },
  ],
  "ssm.Parameter": [
    {
      what: "up to version 6 of pulumi-aws a patch gave `tier` the default `Standard`; version 7 leaves it computed",
      file: "tier",
    },
  ],
};

/** What the original calls the type, and where that begins in the overrides: counted by hand, so the name decides. */
const inOverrides: Partial<Readonly<Record<StoredName, readonly [name: string, line: number]>>> = {
  "autoscaling.Group": ["aws_autoscaling_group", 271],
  "cloudwatch.LogGroup": ["aws_cloudwatch_log_group", 422],
  "ec2.Instance": ["aws_instance", 684],
  "ec2.KeyPair": ["aws_key_pair", 712],
  "ec2.SecurityGroup": ["aws_security_group", 794],
  "iam.Policy": ["aws_iam_policy", 1192],
  "iam.RolePolicyAttachment": ["aws_iam_role_policy_attachment", 1230],
  "iam.RolePolicy": ["aws_iam_role_policy", 1244],
  "iam.Role": ["aws_iam_role", 1257],
  "kms.Alias": ["aws_kms_alias", 1389],
  "route53.Record": ["aws_route53_record", 1703],
  "s3.Bucket": ["aws_s3_bucket", 1789],
  "s3.BucketServerSideEncryptionConfiguration": ["aws_s3_bucket_server_side_encryption_configuration", 1845],
  "s3.BucketObjectv2": ["aws_s3_object", 1868],
  "s3.BucketObject": ["aws_s3_bucket_object", 1902],
  "s3.BucketPolicy": ["aws_s3_bucket_policy", 1928],
};

/** One fact with its place, in Markdown. */
export function laidOverText({ what, file, at, line }: LaidOver, name?: StoredName): string {
  const [path, commit] = files[file];
  const [key, begins] = file === "overrides" && name !== undefined ? (inOverrides[name] ?? []) : [];
  const from = line ?? begins;
  const place = from === undefined ? "" : `, line ${from}`;
  const anchor = from === undefined ? "" : `#L${from}`;
  const called = at ?? key;
  const link = `[\`${path.split("/").at(-1)}\`${place}](${layerRepository}/blob/${commit}/${path}${anchor})`;
  return `${what} (${link}${called === undefined ? "" : `, \`${called}\``})`;
}
