import type { Download } from "../../settings/resolved";
import type { Architecture } from "../../settings/resolvedShared";
import { endpointDomain } from "../../data/regions";
import type { CredentialProvider } from "../../node/spec";
import type { AwsSettings } from "../settings";
import type { Statement } from "../statement";

/** Whether an image's name, or the beginning of one, is of a private registry of ECR. */
export function isPrivateEcr(image: string): boolean {
  return /^(https?:\/\/)?\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.(aws|amazonwebservices\.com\.cn))([/:]|$)/.test(
    image,
  );
}

/** How kubelets of one architecture log in; undefined: not at all. */
export function ecrProvider(
  { ecr, partition }: Pick<AwsSettings, "ecr" | "partition">,
  architecture: Architecture,
  mirror: string | undefined,
): CredentialProvider | undefined {
  if (ecr === undefined) return undefined;
  const sha256 = ecr.checksums[architecture];
  if (sha256 === undefined)
    throw new RangeError(`no checksum for ecr-credential-provider ${ecr.version} ${architecture}`);
  const base = mirror === undefined ? "https://" : `${mirror.replace(/\/+$/, "")}/`;
  const download: Download = {
    name: "ecrCredentialProvider",
    version: ecr.version,
    url: `${base}artifacts.k8s.io/binaries/cloud-provider-aws/v${ecr.version}/linux/${architecture}/ecr-credential-provider-linux-${architecture}`,
    sha256,
  };
  const domain = endpointDomain(partition);
  const dualStack = partition === "aws-cn" ? "on.amazonwebservices.com.cn" : "on.aws";
  // As the provider itself tells registries by their names (cloud-provider-aws, cmd/ecr-credential-provider).
  return {
    download,
    matchImages: [
      `*.dkr.ecr.*.${domain}`,
      `*.dkr.ecr-fips.*.${domain}`,
      `*.dkr-ecr.*.${dualStack}`,
      `*.dkr-ecr-fips.*.${dualStack}`,
    ],
  };
}

/** What pulling takes (Amazon ECR User Guide, "Private repository policy examples" and "IAM permissions for pull through cache"). */
export function pullStatements({ ecr, partition }: Pick<AwsSettings, "ecr" | "partition">): Statement[] {
  if (ecr === undefined) return [];
  const actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
  const repositories = `arn:${partition}:ecr:*:*:repository/*`;
  const own = { StringEquals: { "aws:ResourceAccount": "${aws:PrincipalAccount}" } };
  return [
    {
      sid: "LogInToRegistries",
      reason: "kubelets get a login for ECR, valid for hours and for every registry that the role may read",
      actions: ["ecr:GetAuthorizationToken"],
      resources: ["*"],
    },
    {
      sid: "PullImages",
      reason: "kubelets pull images from the account's own registries",
      actions,
      resources: [repositories],
      conditions: own,
    },
    ...(ecr.accounts.length === 0
      ? []
      : [
          {
            sid: "PullImagesOfOthers",
            reason:
              "kubelets pull images from the accounts in ecr.accounts, whose repositories must allow it too",
            actions,
            resources: [repositories],
            // By number and not by an ARN each, which a hundred of them would fill the role's policy with.
            conditions: { StringEquals: { "aws:ResourceAccount": ecr.accounts } },
          },
        ]),
    ...(ecr.pullThroughCache
      ? [
          {
            sid: "PullThroughCache",
            reason: "the first pull through a cache rule creates the repository and fetches the image",
            actions: ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
            resources: [repositories],
            conditions: own,
          },
        ]
      : []),
  ];
}
