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

  /** Labels of few letters and regions, so that pairs which meet by their hyphens are common. */
  const words = fc
    .array(fc.constantFrom("a", "b", "api", "public", "kubeadm", "internal", "pool", "eu-west-1"), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => parts.join("-"));

  it.each([
    ["groups of two pools", poolGroupName],
    ["roles of two pools", (cluster: string, pool: string) => roleName(cluster, "eu-west-1", `pool-${pool}`)],
  ])("are two for %s, wherever the hyphens stand", (_, nameOf) => {
    fc.assert(
      fc.property(words, words, words, words, (cluster, pool, other, its) => {
        fc.pre(cluster !== other || pool !== its);
        expect(nameOf(cluster, pool)).not.toBe(nameOf(other, its));
      }),
      { numRuns: 2000 },
    );
    expect(nameOf("a", "b-c")).not.toBe(nameOf("a-b", "c"));
  });

  it("are two for the balancers of two clusters", () => {
    const part = fc.constantFrom("api", "api-public");
    fc.assert(
      fc.property(words, part, words, part, (cluster, one, other, its) => {
        fc.pre(cluster !== other || one !== its);
        expect(balancerName(cluster, one)).not.toBe(balancerName(other, its));
      }),
      { numRuns: 2000 },
    );
    expect(balancerName("internal", "api")).toBe("kubeadm-internal-api");
    expect(balancerName("kubeadm-internal", "api")).toBe("kubeadm-kubeadm-internal-api");
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
