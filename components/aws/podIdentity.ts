import * as aws from "@pulumi/aws";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { discovery, DISCOVERY_PATH, jwks } from "../../model/aws/identity";
import { JWKS_PATH, STS_AUDIENCE } from "../../model/kubeadm/issuer";
import { policyDocument, webIdentityTrust } from "../../model/aws/iam";
import type { Statement } from "../../model/aws/statement";
import { bucketPrefix, roleName } from "../../model/aws/names";
import { podWithRole, type PodWithRole } from "../../model/aws/podRole";
import { parseIdentity, parsePodRole, type IdentityInput, type PodRoleInput } from "../../model/aws/alone";
import { awsOf, type AwsCluster } from "../../model/aws/spec";
import { resourceTags } from "../../model/aws/tags";
import { Checked, orChecked, partOf, rendered, type Later, type Samples } from "../part";
import { createRole } from "./role";

/** Arguments of `PodIdentity`. All but the key are plain values. */
export interface PodIdentityArgs extends IdentityInput {
  /** RSA public key that verifies service-account tokens, in PEM: `serviceAccountKey` of a `Pki`. */
  serviceAccountKey: pulumi.Input<string>;
}

/** In a cluster of the settings. */
export interface ClusterIdentity {
  readonly cluster: AwsCluster;
  readonly serviceAccountKey: pulumi.Input<string>;
  /**
   * What takes some time and goes before the bucket's policy. S3 takes seconds until it believes that the bucket may be public, and
   * refuses the policy until then (AccessDenied, with the access block in place).
   */
  readonly after: readonly pulumi.Resource[];
  /**
   * As in `CloudArgs`: the keys wait for it, so that a run that is refused before it reaches the control plane takes no key away. In a
   * rotation a control-plane node publishes the old and the new key until then. undefined: something else makes the cluster.
   */
  readonly answers: pulumi.Output<unknown> | undefined;
}

/**
 * IAM roles for service accounts: a bucket with the two documents that AWS needs to verify the cluster's tokens, and
 * the IAM provider that reads them. Only these two documents, which contain public keys, are public. It costs cents.
 * A `Cluster` on AWS has one (`AwsPlatform.of(cluster).identity`). In a cluster that something else creates, the API
 * server must sign tokens as `issuer`.
 *
 * ```ts
 * new PodIdentity("shop", { region: "eu-central-1", serviceAccountKey: pki.serviceAccountKey });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class PodIdentity extends pulumi.ComponentResource {
  /** URL of the issuer of service-account tokens. */
  readonly issuer: pulumi.Output<string>;
  /** ARN of the IAM OIDC provider, for trust policies. */
  readonly providerArn: pulumi.Output<string>;
  /** What must exist before the control plane does. */
  readonly ready: pulumi.Resource;
  /** The document with the keys: before it exists no pod gets its role. */
  readonly keys: pulumi.Resource;

  /** Whose pods they are. */
  readonly cluster: AwsCluster;

  constructor(name: string, args: PodIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    const own = orChecked<PodIdentityArgs, ClusterIdentity>(args);
    const { shape: cluster } = partOf<AwsCluster>(
      "PodIdentity",
      name,
      own instanceof Checked ? new Checked(own.spec.cluster) : own,
      KEY_SAMPLE,
      (given, title) => parseIdentity(name, given, title),
    );
    const {
      serviceAccountKey,
      after = [],
      answers,
    } = own instanceof Checked ? own.spec : { ...own, after: [], answers: undefined };
    super("kubeadm:aws:PodIdentity", name, {}, opts);
    this.cluster = cluster;
    const tags = resourceTags(cluster, `${cluster.name}-pod-identity`);
    // Not by the resource's own name: a stack may be called what S3 takes in no bucket's name, as dev_eu.
    const bucket = new aws.s3.Bucket(
      `${name}-documents`,
      { bucketPrefix: bucketPrefix(cluster.name), tags },
      { parent: this },
    );
    // AWS fetches the documents without credentials.
    const access = new aws.s3.BucketPublicAccessBlock(
      `${name}-access`,
      {
        bucket: bucket.bucket,
        blockPublicAcls: true,
        ignorePublicAcls: true,
        blockPublicPolicy: false,
        restrictPublicBuckets: false,
      },
      { parent: this },
    );
    this.issuer = pulumi.interpolate`https://${bucket.bucketRegionalDomainName}`;
    const document = (part: string, key: string, content: pulumi.Input<string>) =>
      new aws.s3.BucketObjectv2(
        `${name}-${part}`,
        // Without tags: S3 takes ten on an object, and fifty on everything else.
        { bucket: bucket.bucket, key, content, contentType: "application/json" },
        { parent: this },
      );
    const found = document(
      "discovery",
      DISCOVERY_PATH,
      this.issuer.apply((issuer) => JSON.stringify(discovery(issuer))),
    );
    const keys = document(
      "keys",
      JWKS_PATH,
      pulumi
        .all([serviceAccountKey, answers])
        .apply(([pem]) => JSON.stringify(jwks(pem === "" ? [] : [pem]))),
    );
    this.keys = keys;
    // The control plane waits for what follows, and the keys may wait for the control plane.
    const documents = answers === undefined ? [found, keys] : [found];
    const policy = new aws.s3.BucketPolicy(
      `${name}-policy`,
      {
        bucket: bucket.bucket,
        policy: bucket.arn.apply((arn) =>
          JSON.stringify({
            Version: "2012-10-17",
            Statement: [
              {
                Sid: "ReadTwoDocuments",
                Effect: "Allow",
                Principal: "*",
                Action: "s3:GetObject",
                Resource: [`${arn}/${DISCOVERY_PATH}`, `${arn}/${JWKS_PATH}`],
              },
            ],
          }),
        ),
      },
      { parent: this, dependsOn: [access, ...documents, ...after] },
    );
    const provider = new aws.iam.OpenIdConnectProvider(
      `${name}-provider`,
      { url: this.issuer, clientIdLists: [STS_AUDIENCE], tags },
      { parent: this, dependsOn: [policy] },
    );
    this.providerArn = provider.arn;
    this.ready = provider;
    this.registerOutputs({ issuer: this.issuer, providerArn: this.providerArn });
  }
}

const KEY_SAMPLE: Samples = { serviceAccountKey: () => "PEM" };

/**
 * Arguments of `AddonRole`: a role for the pods of one service account. Statements may refer to outputs of other
 * resources.
 */
export interface AddonRoleArgs extends Omit<PodRoleInput, "statements"> {
  /** The issuer that the role trusts: `AwsPlatform.of(cluster).identity` for a `Cluster` on AWS, or a `PodIdentity`. */
  identity: PodIdentity | undefined;
  /** Permissions of the role; at least one statement. */
  statements: readonly (Omit<Statement, "resources"> & {
    readonly resources: Later<string[]> | readonly string[];
  })[];
}

const RESOURCE_SAMPLES: Samples = {
  "statements.*.resources": () => ["*"],
  "statements.*.resources.*": () => "*",
};

/**
 * An IAM role that only one service account may assume. It is free.
 *
 * ```ts
 * const role = new AddonRole("backup", {
 *   identity: AwsPlatform.of(cluster).identity,
 *   namespace: "backup",
 *   serviceAccount: "backup",
 *   statements: [{ sid: "Write", reason: "backups", actions: ["s3:PutObject"], resources: [bucket.arn] }],
 * });
 * const spec = role.podSpec({ containers: [{ name: "backup", image: "example.com/backup:1" }] });
 * new k8s.core.v1.Pod("backup", { metadata: { namespace: "backup" }, spec }, { provider: cluster.provider });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class AddonRole extends pulumi.ComponentResource {
  /** ARN of the role, for an annotation of the service account. */
  readonly arn: pulumi.Output<string>;
  /** The policy. A pod that starts before it exists has no permissions. */
  readonly policy: pulumi.Resource;

  private readonly account: { readonly serviceAccount: string; readonly region: string };

  constructor(name: string, args: AddonRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    const { identity, ...given } = { ...args };
    const shown = {
      ...given,
      ...(identity === undefined ? {} : { identity: identity instanceof PodIdentity }),
    };
    const part = partOf<Required<PodRoleInput>>("AddonRole", name, shown, RESOURCE_SAMPLES, (raw, title) =>
      parsePodRole(name, raw, title),
    );
    if (identity === undefined) throw new RangeError("a role for pods has an identity");
    super("kubeadm:aws:AddonRole", name, {}, opts);
    const { namespace, serviceAccount } = part.shape;
    const { cluster } = identity;
    const { region } = awsOf(cluster);
    const fullName = roleName(cluster.name, region, part.shape.part);
    const trust = pulumi.all([identity.providerArn, identity.issuer]).apply(([providerArn, issuer]) =>
      webIdentityTrust({
        providerArn,
        issuerHost: issuer.replace(/^https:\/\//, ""),
        namespace,
        serviceAccount,
        audience: STS_AUDIENCE,
      }),
    );
    const { role, policies } = createRole(
      name,
      {
        settings: cluster,
        fullName,
        trust,
        policy: rendered(part, ({ statements }) => policyDocument(statements)),
      },
      { parent: this, dependsOn: [identity.keys] },
    );
    [this.policy] = policies;
    this.arn = role.arn;
    this.account = { serviceAccount, region };
    this.registerOutputs({ arn: this.arn });
  }

  /**
   * Adds the role to a pod's specification: the service account, a token for STS, and in every container the
   * variables that AWS SDKs read. Your program creates the service account.
   */
  podSpec(
    spec: pulumi.Input<k8s.types.input.core.v1.PodSpec>,
  ): pulumi.Output<k8s.types.input.core.v1.PodSpec> {
    return pulumi
      .all([pulumi.output(spec), this.arn])
      .apply(([pod, arn]) =>
        podWithRole(pod as PodWithRole, { ...this.account, arn }),
      ) as pulumi.Output<k8s.types.input.core.v1.PodSpec>;
  }
}
