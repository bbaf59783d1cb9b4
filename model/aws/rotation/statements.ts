import { JWKS_PATH } from "../../kubeadm/issuer";
import { bucketPattern, bucketPrefix } from "../names";
import { awsOf, type AwsCluster } from "../spec";
import type { Statement } from "../statement";

/** In a rotation AWS has to know the new service-account key before it signs, and the old one as long as its tokens are good. */
export function rotationStatements(settings: AwsCluster): Statement[] {
  const { partition, podIdentity } = awsOf(settings);
  if (settings.certificates?.rotation === undefined || podIdentity === undefined) return [];
  const bucket = bucketPattern(bucketPrefix(settings.name));
  return [
    {
      sid: "PublishServiceAccountKeys",
      reason:
        "in a rotation of certificates a control-plane node publishes the new service-account key beside the old one; only their public halves",
      actions: ["s3:PutObject"],
      resources: [`arn:${partition}:s3:::${bucket}/${JWKS_PATH}`],
      // A bucket's name says nothing of its account.
      conditions: { StringEquals: { "aws:ResourceAccount": "${aws:PrincipalAccount}" } },
    },
  ];
}
