/** What cannot be deleted since something hangs on it. */
import { describe, expect, it } from "vitest";
import { readAccount, withAccount } from "../account";
import {
  account,
  allow,
  balancer,
  instance,
  listener,
  network,
  refusals,
  role,
  scaling,
  targets,
  template,
} from "./account";

refusals("deleting what is in use is refused", [
  ["a VPC with subnets", /DependencyViolation: The vpc/, () => account.remove(network().vpc)],
  [
    "a subnet with an instance",
    /DependencyViolation: The subnet/,
    () => {
      const { a } = network();
      instance(a);
      account.remove(a);
    },
  ],
  [
    "a subnet with a NAT gateway",
    /DependencyViolation: The subnet/,
    () => {
      const { a } = network();
      account.make("ec2.NatGateway", { subnetId: a.id, connectivityType: "private" });
      account.remove(a);
    },
  ],
  [
    "a subnet with a balancer",
    /DependencyViolation: The subnet/,
    () => {
      const { a, b } = network();
      balancer([a, b]);
      account.remove(b);
    },
  ],
  [
    "a subnet with a group's instances",
    /DependencyViolation: The subnet/,
    () => {
      const { a } = network();
      scaling(a, template());
      account.remove(a);
    },
  ],
  [
    "a group named by another's rule",
    /DependencyViolation: resource sg-/,
    () => {
      const { vpc, group } = network();
      const other = account.make("ec2.SecurityGroup", { vpcId: vpc.id });
      account.make("vpc.SecurityGroupIngressRule", {
        securityGroupId: other.id,
        referencedSecurityGroupId: group.id,
        ipProtocol: "-1",
      });
      account.remove(group);
    },
  ],
  [
    "a group of an instance",
    /DependencyViolation: resource sg-/,
    () => {
      const { a, group } = network();
      instance(a, { vpcSecurityGroupIds: [group.id] });
      account.remove(group);
    },
  ],
  [
    "a gateway with mapped addresses",
    /DependencyViolation: Network .* mapped public address/,
    () => {
      const { a, gateway } = network();
      instance(a, { associatePublicIpAddress: true });
      account.remove(gateway);
    },
  ],
  [
    "a protected instance",
    /OperationNotPermitted: The instance 'i-/,
    () => account.remove(instance(network().a, { disableApiTermination: true })),
  ],
  [
    "a protected balancer",
    /OperationNotPermitted: Load balancer/,
    () => {
      const { a } = network();
      account.remove(balancer([a], { enableDeletionProtection: true }));
    },
  ],
  [
    "a target group of a listener",
    /ResourceInUse/,
    () => {
      const { vpc, a } = network();
      const group = targets(vpc);
      listener(balancer([a]), group);
      account.remove(group);
    },
  ],
  [
    "a role with policies",
    /DeleteConflict: .* delete policies/,
    () => {
      const made = role();
      account.make("iam.RolePolicy", { role: made.id, policy: allow({ Action: "s3:*", Resource: "*" }) });
      account.remove(made);
    },
  ],
  [
    "an attached policy",
    /DeleteConflict: Cannot delete a policy attached/,
    () => {
      const policy = account.make("iam.Policy", { policy: allow({ Action: "s3:*", Resource: "*" }) });
      account.make("iam.RolePolicyAttachment", { role: role().id, policyArn: policy.id });
      account.remove(policy);
    },
  ],
  [
    "a bucket with objects",
    /BucketNotEmpty/,
    () => {
      const bucket = account.make("s3.Bucket", {});
      account.make("s3.BucketObjectv2", { bucket: bucket.id, key: "a", content: "a" });
      account.remove(bucket);
    },
  ],
]);

describe("where hosts run behind instances", () => {
  const addresses = (): string[] =>
    Object.values(readAccount(account.file).objects["interface"] ?? {}).map((one) =>
      one["_ending"] === true ? "ending" : "running",
    );
  const hostsAreDown = (): void =>
    withAccount(account.file, (data) => {
      delete data.objects["interface"];
    });

  it.each([
    ["an instance", () => instance(network().a)],
    ["a group", () => scaling(network().a, template(), { minSize: 2 })],
  ])("the end of %s waits for its hosts, and its address is taken until then", async (_, make) => {
    const made = make();
    account.control({ hosts: true });
    let done = false;
    const removal = Promise.resolve(account.startRemoval(made)).then(() => (done = true));
    expect(new Set(addresses())).toEqual(new Set(["ending"]));
    // A turn of everything that does not wait.
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    hostsAreDown();
    await removal;
  });
});
