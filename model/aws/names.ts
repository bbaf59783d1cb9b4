import { sha256 } from "../core/hash";

/**
 * Names that AWS knows the cluster's things by. They are plain and follow from the settings alone, so that scripts, policies
 * and resources say the same before anything is made.
 */

/** Hexadecimal digits of a digest that a name ends in where it had to be cut. */
const DIGEST = 8;

/**
 * Parts joined by hyphens, within a service's limit: a name that is too long is cut, and ends in a digest of the whole so that
 * two long names stay two.
 */
export function shortName(limit: number, ...parts: readonly string[]): string {
  const whole = parts.join("-");
  if (whole.length <= limit) return whole;
  const digest = digestOf(whole);
  return `${whole.slice(0, limit - DIGEST - 1).replace(/-+$/, "")}-${digest}`;
}

function digestOf(text: string): string {
  return sha256(text).slice(0, DIGEST);
}

/** Elastic Load Balancing API, CreateLoadBalancer: 32 characters, no hyphen at either end; target groups alike. */
export const BALANCER_NAME_LIMIT = 32;
/** IAM User Guide, "IAM and AWS STS quotas": role names 64 characters (instance profiles 128). */
export const ROLE_NAME_LIMIT = 64;

/**
 * As `dev-api`, `dev-api-public`; for load balancers and target groups. No name may begin with `internal-` (CreateLoadBalancer),
 * and a cluster that is called as such a name would be then gets another word before it too.
 */
export function balancerName(cluster: string, part: string): string {
  const before = /^(kubeadm-)*internal-/.test(`${cluster}-`) ? ["kubeadm"] : [];
  return shortName(BALANCER_NAME_LIMIT, ...before, cluster, part);
}

/** Name of a load balancer in front of the API, and of its target groups: nodes' own, or people's if the API is public. */
export function apiBalancerName(cluster: string, part: "internal" | "public"): string {
  return balancerName(cluster, part === "internal" ? "api" : "api-public");
}

/** A word that looks like a region: by it a name could be cut in another place. */
const REGION_INSIDE = /(^|-)[a-z]{2}(-[a-z]+)+-\d(-|$)/;

/**
 * Roles are the account's, not the region's, so the region is part of the name. A part with a region in it has a digest behind
 * it: else two clusters could have one role.
 */
export function roleName(cluster: string, region: string, part: string): string {
  const own = REGION_INSIDE.test(part) ? [digestOf([cluster, region, part].join("/"))] : [];
  return shortName(ROLE_NAME_LIMIT, "kubeadm", cluster, region, part, ...own);
}

/** Secrets Manager: the one SSH host key of all control-plane nodes, private, in OpenSSH's format. */
export function hostKeySecret(cluster: string): string {
  return `kubeadm/${cluster}/ssh-host-key`;
}

/** Secrets Manager: the bastion's own host key. */
export function bastionHostKeySecret(cluster: string): string {
  return `kubeadm/${cluster}/bastion-ssh-host-key`;
}

/** S3 User Guide, "General purpose bucket naming rules": 63 characters; @pulumi/aws appends 26 digits to a prefix. */
const BUCKET_PREFIX_LIMIT = 37;

/** What the name of the bucket with the documents of pod identity begins with: bucket names are the whole partition's. */
export function bucketPrefix(cluster: string): string {
  return `${shortName(BUCKET_PREFIX_LIMIT - 1, "kubeadm", cluster)}-`;
}

/** What the name of the bucket with the pools' boot files begins with. */
export function bootBucketPrefix(cluster: string): string {
  return `${shortName(BUCKET_PREFIX_LIMIT - 1, "kubeadm", cluster, "boot")}-`;
}

/** Digits that @pulumi/aws appends to a bucket's prefix (hashicorp/terraform-plugin-sdk, id.PrefixedUniqueId). */
export const BUCKET_DIGITS = 26;

/** As a policy names a bucket of such a prefix, whose digits are known once it is made. */
export function bucketPattern(prefix: string): string {
  return `${prefix}${"?".repeat(BUCKET_DIGITS)}`;
}

/** Everything of a cluster in the SSM parameter store. */
export function parameterPrefix(cluster: string): string {
  return `/kubeadm/${cluster}`;
}

/** SSM String: name of the bucket with the pools' boot files. */
export function bootBucketParameter(cluster: string): string {
  return `${parameterPrefix(cluster)}/boot-bucket`;
}

/** SSM SecureString: the pool's discovery file, kept fresh by the control-plane nodes. */
export function joinParameter(cluster: string, pool: string): string {
  return `${parameterPrefix(cluster)}/${pool}/join`;
}

/** Below it each instance of the pool writes what became of its boot, under its instance id. */
export function statusPrefix(cluster: string, pool: string): string {
  return `${parameterPrefix(cluster)}/${pool}/status`;
}

/** EC2 API, CreateLaunchTemplate: 3 to 128 characters; names of Auto Scaling groups may have 255. */
export const TEMPLATE_NAME_LIMIT = 128;

/**
 * Auto Scaling group of a pool, and its launch template. A pool with a hyphen in its name has a digest behind it: by hyphens
 * alone pool `b-c` of cluster `a` and pool `c` of cluster `a-b` would be one.
 */
export function poolGroupName(cluster: string, pool: string): string {
  const own = pool.includes("-") ? [digestOf(`${cluster}/${pool}`)] : [];
  return shortName(TEMPLATE_NAME_LIMIT, "kubeadm", cluster, pool, ...own);
}

/** Tag by which AWS' cloud controller manager and EBS CSI driver find what is the cluster's. */
export function clusterTag(cluster: string): string {
  return `kubernetes.io/cluster/${cluster}`;
}
