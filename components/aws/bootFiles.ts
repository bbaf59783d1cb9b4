import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { bootBucketParameter, bootBucketPrefix } from "../../model/aws/names";
import { resourceTags } from "../../model/aws/tags";
import type { ClusterSettings } from "../../model/settings/resolved";

export interface BootFilesArgs {
  /** Parsed settings, the result of `parseCluster`. */
  readonly settings: ClusterSettings;
}

/**
 * A private bucket with the files that pool instances fetch at first boot, and the parameter with the bucket's
 * name, so that user data is known before the bucket exists. Costs cents.
 */
export class BootFiles extends pulumi.ComponentResource {
  /** Name of the bucket. */
  readonly bucket: pulumi.Output<string>;
  /** Resources that must exist before an instance starts. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: BootFilesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:BootFiles", name, {}, opts);
    const { settings } = args;
    const tags = resourceTags(settings, `${settings.name}-boot`);
    const bucket = new aws.s3.Bucket(
      `${name}-bucket`,
      // Files of earlier templates stay in it, for instances that are on their way, and go with it.
      { bucketPrefix: bootBucketPrefix(settings.name), forceDestroy: true, tags },
      { parent: this },
    );
    const access = new aws.s3.BucketPublicAccessBlock(
      `${name}-access`,
      {
        bucket: bucket.bucket,
        blockPublicAcls: true,
        ignorePublicAcls: true,
        blockPublicPolicy: true,
        restrictPublicBuckets: true,
      },
      { parent: this },
    );
    const parameter = new aws.ssm.Parameter(
      `${name}-parameter`,
      {
        name: bootBucketParameter(settings.name),
        description: "bucket with the files that pool instances fetch at first boot",
        type: "String",
        value: bucket.bucket,
        tags,
      },
      { parent: this },
    );
    this.bucket = bucket.bucket;
    this.ready = [access, parameter];
    this.registerOutputs({ bucket: this.bucket });
  }
}
