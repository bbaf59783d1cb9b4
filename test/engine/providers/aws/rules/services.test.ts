/** What IAM, Secrets Manager, Systems Manager, S3 and Route 53 refuse. */
import { expect, it } from "vitest";
import { account, allow, refusals, role } from "./account";

refusals("identity, secrets and storage refuse", [
  [
    "a role twice",
    /EntityAlreadyExists: Role with name role/,
    () => {
      role();
      role();
    },
  ],
  [
    "an instance profile twice",
    /EntityAlreadyExists/,
    () => {
      for (let i = 0; i < 2; i++) account.make("iam.InstanceProfile", { name: "p" });
    },
  ],
  [
    "a principal that is no service",
    /MalformedPolicyDocument: Invalid principal in policy: "SERVICE":"ec2"/,
    () =>
      account.make("iam.Role", {
        assumeRolePolicy: allow({ Action: "sts:AssumeRole", Principal: { Service: "ec2" } }),
      }),
  ],
  [
    "a principal that is not there",
    /Invalid principal in policy: "AWS"/,
    () =>
      account.make("iam.Role", {
        assumeRolePolicy: allow({
          Action: "sts:AssumeRole",
          Principal: { AWS: "arn:aws:iam::123456789012:role/nobody" },
        }),
      }),
  ],
  [
    "an identity provider that is not there",
    /Invalid principal in policy: "FEDERATED"/,
    () =>
      account.make("iam.Role", {
        assumeRolePolicy: allow({
          Action: "sts:AssumeRoleWithWebIdentity",
          Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/nobody" },
        }),
      }),
  ],
  [
    "a policy without resources",
    /must contain resources/,
    () => account.make("iam.Policy", { policy: allow({ Action: "s3:*" }) }),
  ],
  [
    "an action without a service",
    /must be prefaced by a vendor/,
    () => account.make("iam.Policy", { policy: allow({ Action: "GetObject", Resource: "*" }) }),
  ],
  [
    "two statements of one name",
    /must be unique/,
    () =>
      account.make("iam.Policy", {
        policy: allow(
          { Sid: "A", Action: "s3:*", Resource: "*" },
          { Sid: "A", Action: "s3:*", Resource: "*" },
        ),
      }),
  ],
  [
    "a policy over 6,144 characters",
    /PolicySize: 6144/,
    () =>
      account.make("iam.Policy", {
        policy: allow({
          Action: "s3:*",
          Resource: Array.from({ length: 300 }, (_, index) => `arn:aws:s3:::bucket-${index}`),
        }),
      }),
  ],
  [
    "a policy that is not there",
    /NoSuchEntity: Policy/,
    () =>
      account.make("iam.RolePolicyAttachment", {
        role: role().id,
        policyArn: "arn:aws:iam::123456789012:policy/none",
      }),
  ],
  [
    "a policy of no role",
    /NoSuchEntity: The role/,
    () =>
      account.make("iam.RolePolicy", { role: "nobody", policy: allow({ Action: "s3:*", Resource: "*" }) }),
  ],
  [
    "a secret twice",
    /ResourceExistsException/,
    () => {
      for (let i = 0; i < 2; i++) account.make("secretsmanager.Secret", { name: "s" });
    },
  ],
  [
    "a secret that waits for its end",
    /already scheduled for deletion/,
    () => {
      account.remove(account.make("secretsmanager.Secret", { name: "s" }));
      account.make("secretsmanager.Secret", { name: "s" });
    },
  ],
  [
    "a version of no secret",
    /ResourceNotFoundException/,
    () => account.make("secretsmanager.SecretVersion", { secretId: "none", secretString: "x" }),
  ],
  [
    "a parameter twice",
    /ParameterAlreadyExists/,
    () => {
      for (let i = 0; i < 2; i++) account.make("ssm.Parameter", { name: "/a/b", type: "String", value: "x" });
    },
  ],
  [
    "a parameter of AWS' own name",
    /reserved parameter name/,
    () => account.make("ssm.Parameter", { name: "/aws/b", type: "String", value: "x" }),
  ],
  [
    "a standard parameter of 4,097 characters",
    /maximum parameter value of 4096/,
    () => account.make("ssm.Parameter", { name: "/a", type: "String", value: "x".repeat(4097) }),
  ],
  [
    "a bucket twice",
    /BucketAlreadyOwnedByYou/,
    () => {
      for (let i = 0; i < 2; i++) account.make("s3.Bucket", { bucket: "bucket" });
    },
  ],
  [
    "a public policy before it is let",
    /AccessDenied: .*BlockPublicPolicy/,
    () => {
      const { id } = account.make("s3.Bucket", { bucket: "bucket" });
      account.make("s3.BucketPolicy", {
        bucket: id,
        policy: allow({ Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/*" }),
      });
    },
  ],
  [
    "an ACL on a new bucket",
    /AccessControlListNotSupported/,
    () =>
      account.make("s3.BucketObjectv2", {
        bucket: account.make("s3.Bucket", {}).id,
        key: "a",
        content: "a",
        acl: "public-read",
      }),
  ],
  [
    "a record of no zone",
    /NoSuchHostedZone/,
    () =>
      account.make("route53.Record", { zoneId: "Z0", name: "a", type: "A", ttl: 60, records: ["192.0.2.1"] }),
  ],
  [
    "a record twice",
    /InvalidChangeBatch: .*already exists/,
    () => {
      account.control({ zones: { Z1: "example.org" } });
      for (const name of ["a", "a.example.org"])
        account.make("route53.Record", { zoneId: "Z1", name, type: "A", ttl: 60, records: ["192.0.2.1"] });
    },
  ],
  [
    "an identity provider twice",
    /EntityAlreadyExists: Provider with url/,
    () => {
      for (let i = 0; i < 2; i++)
        account.make("iam.OpenIdConnectProvider", {
          url: "https://a.example",
          clientIdLists: ["sts.amazonaws.com"],
        });
    },
  ],
  [
    "a log group twice",
    /ResourceAlreadyExistsException/,
    () => {
      for (let i = 0; i < 2; i++) account.make("cloudwatch.LogGroup", { name: "l" });
    },
  ],
]);

it("a bucket's prefix gets 26 digits", () => {
  expect(account.make("s3.Bucket", { bucketPrefix: "boot-" }).id).toMatch(/^boot-[0-9a-f]{26}$/);
});
