import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Cluster, type ClusterArgs } from "../../components/cluster";
import { refuseMissing } from "../../components/secrets";
import { ClusterSettingsError } from "../../components/settingsError";
import type { Problem } from "../../model/settings/problems";
import { byName, record, type Recorded } from "../../testing/recorder";
import { metalInput } from "../support/settings";

const settings = { ...metalInput(), name: "shop" } as unknown as ClusterArgs["settings"];

function cluster(
  secrets: ClusterArgs["secrets"],
  onWarning: (message: string) => void = () => undefined,
): Promise<readonly Recorded[]> {
  return record(() => new Cluster("shop", { settings, secrets }), { preview: true, onWarning });
}

async function problems(secrets: unknown): Promise<readonly Problem[]> {
  try {
    await cluster(secrets as ClusterArgs["secrets"]);
  } catch (error) {
    if (error instanceof ClusterSettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe("secrets that are outputs", () => {
  it("are there by their names: a misspelt one is refused before the first resource", async () => {
    const [problem] = await problems({ operater: pulumi.secret("key") });
    expect(problem).toMatchObject({ path: "machines.cp1.key", nearest: "operater" });
  });

  it("do not keep plain ones beside them from being checked", async () => {
    const found = await problems({ operator: "no key", other: pulumi.secret("key") });
    expect(found.map(({ path, value }) => [path, value])).toEqual([["secrets.operator", "[hidden]"]]);
  });

  it("are no excuse for what has no value, as an environment variable that is not set", async () => {
    const found = await problems({ operator: undefined, other: pulumi.secret("key") });
    expect(found.map(({ path, message }) => [path, message])).toEqual([
      ["secrets.operator", "is missing: its value is undefined"],
    ]);
  });

  it("may come as one object, and stay secret on their way to a host", async () => {
    const whole = pulumi.secret({ operator: "the operator's key" });
    const resources = await cluster(whole);
    const { stdin } = byName(resources, "shop-control-plane-cp1-setup").inputs;
    expect(pulumi.runtime.isRpcSecret(stdin)).toBe(true);
    expect(pulumi.runtime.unwrapRpcSecret(stdin)).toContain("the operator's key");
  });

  it("are refused by name when the object has come and lacks them, and no value is shown", () => {
    const lacking = () => refuseMissing({ operater: "the operator's key" }, ["operator", "etcd"]);
    expect(lacking).toThrow(/2 problems[^]*secrets\.operator: \[hidden\] is not text[^]*secrets\.etcd/);
    expect(lacking).not.toThrow(/the operator's key/);
  });
});

describe("secrets that nobody gives", () => {
  const warned = async (secrets: ClusterArgs["secrets"]): Promise<string[]> => {
    const messages: string[] = [];
    await cluster(secrets, (message) => messages.push(message));
    return messages.filter((message) => message.includes("no secrets are given"));
  };

  it("are warned of by name", async () => {
    expect((await warned(undefined)).join()).toContain("operator");
  });

  it("are not missed where they are there", async () => {
    expect(await warned({ operator: pulumi.secret("key") })).toEqual([]);
  });
});
