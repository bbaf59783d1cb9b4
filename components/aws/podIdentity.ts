import * as aws from "@pulumi/aws";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { discovery, DISCOVERY_PATH, jwks } from "../../model/aws/identity";
import { JWKS_PATH, STS_AUDIENCE } from "../../model/kubeadm/issuer";
import { webIdentityTrust } from "../../model/aws/iam";
import type { Statement } from "../../model/aws/statement";
import { bucketPrefix, roleName } from "../../model/aws/names";
import { podWithRole, type PodWithRole } from "../../model/aws/podRole";
import { awsOf } from "../../model/aws/spec";
import { show, type Problem } from "../../model/settings/problems";
import { resourceTags } from "../../model/aws/tags";
import type { ClusterSettings } from "../../model/settings/resolved";
import { onlyOnAws, requireArguments } from "../arguments";
import { createRole } from "./role";

export interface PodIdentityArgs {
  readonly settings: ClusterSettings;
  /** PEM of the key that service-account tokens are verified with. */
  readonly serviceAccountKey: pulumi.Input<string>;
  /**
   * What takes some time and goes before the bucket's policy. S3 takes seconds until it believes that the bucket may be public, and
   * refuses the policy until then (AccessDenied, with the access block in place).
   */
  readonly after?: readonly pulumi.Resource[];
}

/**
 * Roles for service accounts from the first boot: the two documents by which AWS verifies the cluster's tokens, in a bucket of
 * their own, and the IAM provider that reads them. The bucket opens those two keys to the world and nothing else; they hold
 * public keys. Costs cents.
 */
export class PodIdentity extends pulumi.ComponentResource {
  /** URL of the issuer, which the API server signs as. */
  readonly issuer: pulumi.Output<string>;
  /** ARN of the OIDC provider that trust policies name. */
  readonly providerArn: pulumi.Output<string>;
  /** All of it is there: what runs with a role may start. */
  readonly ready: pulumi.Resource;

  constructor(name: string, args: PodIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("PodIdentity", name, args, ["settings", "serviceAccountKey"], (given) => [
      onlyOnAws(given),
    ]);
    super("kubeadm:aws:PodIdentity", name, {}, opts);
    const { settings } = args;
    const tags = resourceTags(settings, `${settings.name}-pod-identity`);
    // Not by the resource's own name: a stack may be called what S3 takes in no bucket's name, as dev_eu.
    const bucket = new aws.s3.Bucket(
      `${name}-documents`,
      { bucketPrefix: bucketPrefix(settings.name), tags },
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
    const documents = [
      document(
        "discovery",
        DISCOVERY_PATH,
        this.issuer.apply((issuer) => JSON.stringify(discovery(issuer))),
      ),
      document(
        "keys",
        JWKS_PATH,
        pulumi.output(args.serviceAccountKey).apply((pem) => JSON.stringify(jwks(pem === "" ? [] : [pem]))),
      ),
    ];
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
      { parent: this, dependsOn: [access, ...documents, ...(args.after ?? [])] },
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

/** Roles of instances and of flow logs have such names already. */
const OWN_PARTS = /^(control-plane|bastion|flow-logs|pool-.*)$/;

function wrongPart(part: string): Problem | undefined {
  const wrong = (message: string, allowed: string) => ({ path: "part", value: show(part), message, allowed });
  if (!/^[\w+=,.@-]+$/.test(part))
    return wrong("cannot be in a role's name", "letters, digits and _ + = , . @ -, as backup");
  return OWN_PARTS.test(part)
    ? wrong("is a role of the stack's own", "another word, such as backup")
    : undefined;
}

export interface AddonRoleArgs {
  readonly settings: ClusterSettings;
  /** Whose issuer the role believes. */
  readonly identity: PodIdentity;
  /** As it is in the role's name; no other role of the cluster has it. */
  readonly part: string;
  /** Namespace of the service account. */
  readonly namespace: string;
  /** The one that may take the role. */
  readonly serviceAccount: string;
  /** What the role may do. */
  readonly statements: readonly Statement[];
}

/**
 * A role that one service account may take on, and nobody else. Free of charge.
 *
 * ```ts
 * const role = new AddonRole("backup", {
 *   settings: cluster.settings,
 *   identity: AwsPlatform.of(cluster).identity!,
 *   part: "backup",
 *   namespace: "backup",
 *   serviceAccount: "backup",
 *   statements: [{ sid: "Write", reason: "backups", actions: ["s3:PutObject"], resources: [`${bucketArn}/*`] }],
 * });
 * new k8s.batch.v1.CronJob("backup", {
 *   metadata: { namespace: "backup" },
 *   spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: { spec: role.podSpec({ containers }) } } } },
 * });
 * ```
 */
export class AddonRole extends pulumi.ComponentResource {
  /** ARN of the role, for an annotation of the service account. */
  readonly arn: pulumi.Output<string>;
  /** A pod that starts before it may do nothing. */
  readonly policy: pulumi.Resource;

  private readonly account: { readonly serviceAccount: string; readonly region: string };

  constructor(name: string, args: AddonRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments(
      "AddonRole",
      name,
      args,
      ["settings", "identity", "part", "namespace", "serviceAccount", "statements"],
      (given) => [onlyOnAws(given), wrongPart(given.part)],
    );
    super("kubeadm:aws:AddonRole", name, {}, opts);
    const { settings, identity, part, namespace, serviceAccount } = args;
    const fullName = roleName(settings.name, awsOf(settings).region, part);
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
      { settings, fullName, trust, statements: args.statements },
      { parent: this },
    );
    [this.policy] = policies;
    this.arn = role.arn;
    this.account = { serviceAccount, region: awsOf(settings).region };
    this.registerOutputs({ arn: this.arn });
  }

  /**
   * A pod that has the role: the specification with the service account, a token for STS, and the variables by which AWS' SDKs find
   * them, in every container. The service account itself is for the program to make.
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
