import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  BALANCER_NAME_LIMIT,
  balancerName,
  bucketPrefix,
  poolGroupName,
  ROLE_NAME_LIMIT,
  roleName,
  TEMPLATE_NAME_LIMIT,
} from "../../../model/aws/names";

/** Names of clusters and pools: DNS labels of any length that is allowed. */
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);

describe("names of AWS", () => {
  it("keep to what each service takes, whatever cluster and pool are called", () => {
    fc.assert(
      fc.property(label, label, (cluster, part) => {
        expect(balancerName(cluster, part).length).toBeLessThanOrEqual(BALANCER_NAME_LIMIT);
        expect(roleName(cluster, "ap-southeast-1", part).length).toBeLessThanOrEqual(ROLE_NAME_LIMIT);
        expect(poolGroupName(cluster, part).length).toBeLessThanOrEqual(TEMPLATE_NAME_LIMIT);
      }),
    );
  });

  it("leave the provider's digits their place in a bucket's name", () => {
    fc.assert(
      fc.property(label, (cluster) => {
        expect(bucketPrefix(cluster)).toMatch(/^kubeadm-[a-z0-9-]{1,28}-$/);
      }),
    );
  });

  it("say a short one in full, and keep two long ones apart", () => {
    expect(poolGroupName("prod", "general")).toBe("kubeadm-prod-general");
    const long = "c".repeat(63);
    expect(poolGroupName(long, `${"p".repeat(62)}a`)).not.toBe(poolGroupName(long, `${"p".repeat(62)}b`));
  });
});
