import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, it, vi } from "vitest";
import "../../aws";
import { Cluster } from "../../components/cluster";
import { largeAws, REGION } from "../support/awsInput";
import { metalInput } from "../support/settings";

/** As most tests of stacks have it (Pulumi's guide to unit tests): what a provider would add is not there. */
const PLAIN: pulumi.runtime.Mocks = {
  newResource: ({ name, inputs }) => ({ id: `${name}_id`, state: inputs as Record<string, unknown> }),
  call: ({ inputs }) => inputs as Record<string, unknown>,
};

beforeEach(() => {
  vi.spyOn(console, "warn").mockReturnValue(undefined);
});

function valueOf<T>(output: pulumi.Output<T> | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    if (output === undefined) reject(new Error("there is no such output"));
    else output.apply(resolve);
  });
}

describe.each([false, true])("a cluster under mocks that answer with inputs alone, preview %s", (preview) => {
  it("is made whole on machines, with tenants", async () => {
    await pulumi.runtime.setMocks(PLAIN, "project", "shop", preview);
    const cluster = new Cluster("shop", {
      settings: { ...metalInput(), tenants: { shop: { network: { enabled: false } } } } as never,
      secrets: { operator: pulumi.secret("key"), bgp: pulumi.secret("password") },
    });
    const [tenant] = Object.values(cluster.tenants);
    // Waits for all registrations: an error in one of them would end the test's process.
    await pulumi.runtime.disconnect();
    expect(await pulumi.isSecret(cluster.kubeconfig)).toBe(true);
    expect(tenant?.kubeconfig).toBeDefined();
    if (!preview) {
      expect(await valueOf(cluster.kubeconfig)).toContain("server: https://");
      expect(await valueOf(tenant?.kubeconfig)).toContain("kind: Config");
      expect(await valueOf(cluster.pki.clusterId)).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it("is made whole on AWS, with identities of pods", async () => {
    await pulumi.runtime.setMocks(PLAIN, "project", "shop", preview);
    const cluster = new Cluster("shop", { settings: largeAws() as never, region: REGION });
    await pulumi.runtime.disconnect();
    expect(await pulumi.isSecret(cluster.kubeconfig)).toBe(true);
    if (!preview) expect(await valueOf(cluster.kubeconfig)).toContain("server: https://");
  });
});
