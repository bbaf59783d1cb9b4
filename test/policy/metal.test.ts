import * as fs from "node:fs";
import * as path from "node:path";
import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { describe, expect, it } from "vitest";
import { policies } from "../../policy";
import { metalStack, run, runOverAll, unknown } from "./support";

type Props = Readonly<Record<string, unknown>>;
const isStackPolicy = (policy: object): policy is StackValidationPolicy => "validateStack" in policy;
const resourcePolicies = policies.filter((one): one is ResourceValidationPolicy => !isStackPolicy(one));
const stackPolicies = policies.filter(isStackPolicy);

describe.each([
  ["a preview of environment metal", true],
  ["an update of environment metal", false],
])("%s", (_, preview) => {
  it.each(resourcePolicies)("has nothing against $name", async (policy) => {
    const outcomes = await runOverAll(policy, await metalStack({ preview }));
    expect(outcomes.flatMap((outcome) => outcome.violations)).toEqual([]);
  });

  it.each(stackPolicies)("has nothing against $name", async (policy) => {
    expect(await run(policy, await metalStack({ preview }))).toEqual({ violations: [] });
  });
});

describe.each([
  ["a worker", ["w1"]],
  ["all machines", ["cp1", "cp2", "cp3", "w1", "w2"]],
])("a first preview in which another provider makes %s", (_, created) => {
  const stack = () => metalStack({ preview: true, created });

  it("has steps whose specification is not known yet", async () => {
    const specs = (await stack()).map(
      ({ props }) => (props["environment"] as Props | undefined)?.["KUBEADM_SPEC"],
    );
    expect(specs).toContain(unknown);
  });

  it.each(policies)("has nothing against $name, which judges what is known", async (policy) => {
    const outcomes = isStackPolicy(policy)
      ? [await run(policy, await stack())]
      : await runOverAll(policy, await stack());
    expect(outcomes.flatMap(({ violations }) => violations)).toEqual([]);
  });
});

/** Policies that judge what this environment has none of. */
const IDLE = [
  "hosts-through-the-door",
  // AWS': test/policy/aws.test.ts.
  "metadata-service",
  "encrypted-volumes",
  "open-ingress",
  "public-objects",
];

it.each(resourcePolicies)("$name looks at something in environment metal", async (policy) => {
  const outcomes = await runOverAll(policy, await metalStack());
  const looked = outcomes.filter((outcome) => outcome.notApplicable === undefined);
  if (IDLE.includes(policy.name)) expect(looked).toHaveLength(0);
  else expect(looked.length).toBeGreaterThan(0);
});

it("judges every host key of the environment once the connections are known", async () => {
  const policy = resourcePolicies.find((one) => one.name === "pinned-host-keys");
  if (policy === undefined) throw new Error("no policy pinned-host-keys");
  const looked = async (preview: boolean) =>
    (await runOverAll(policy, await metalStack({ preview }))).filter(
      (one) => one.notApplicable === undefined,
    );
  // 5 setups, 5 node steps, init and the look at all machines.
  expect(await looked(false)).toHaveLength(12);
});

describe("the pack", () => {
  it("has names that are unique and allowed, and a description and a level for each", () => {
    const names = policies.map((policy) => policy.name);
    expect(new Set(names).size).toBe(names.length);
    for (const policy of policies) {
      expect(policy.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      // `all` is the engine's own, and so is this property of a schema (@pulumi/policy, server.ts, serve).
      expect(policy.name).not.toBe("all");
      expect(Object.keys(policy.configSchema?.properties ?? {})).not.toContain("enforcementLevel");
      expect(policy.description).not.toBe("");
      expect(["advisory", "mandatory"]).toContain(policy.enforcementLevel);
    }
  });

  it("is in docs/policy.md as it is: names, levels and configuration", () => {
    const docs = fs
      .readFileSync(path.resolve(__dirname, "../../docs/policy.md"), "utf8")
      .replaceAll(/ +/g, " ");
    const rows = policies.map((policy) => {
      const level = `${policy.enforcementLevel}${isStackPolicy(policy) ? ", stack" : ""}`;
      const options = Object.keys(policy.configSchema?.properties ?? {});
      return `| \`${policy.name}\` | ${level} | ${options.map((option) => `\`${option}\``).join(", ")}`.trimEnd();
    });
    for (const row of rows) expect(docs).toContain(row);
    expect(docs.match(/^\| `/gm)).toHaveLength(policies.length);
  });

  it("has a stack policy end where there is no cluster", async () => {
    for (const policy of stackPolicies) {
      expect((await run(policy, [])).notApplicable, policy.name).toMatch(/no cluster/);
    }
  });
});
