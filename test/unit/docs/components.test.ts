import { beforeAll, describe, expect, it } from "vitest";
import { record, type Recorded } from "../../../testing";
import { COMPONENTS } from "../../component/exported";

describe("the program with an example of each component", () => {
  let resources: readonly Recorded[];

  beforeAll(async () => {
    resources = await record(() => import("../../../examples/components/index.js"), {
      project: "components",
      config: { kubeconfig: "a kubeconfig", operatorKey: "a key", mesh: "a password" },
      stack: "prod",
      preview: true,
      onWarning: () => undefined,
    });
  });

  it.each(COMPONENTS.map(([name]) => name))("makes a %s of its own", (name) => {
    const made = resources.filter(({ type, parent }) => type.split(":")[2] === name && parent === "");
    expect(made.length).toBeGreaterThan(0);
    for (const { urn } of made) expect(resources.some(({ parent }) => parent === urn)).toBe(true);
  });

  it("puts what is in a cluster into the one that the provider leads to", () => {
    const theirs = resources.find(({ name }) => name === "theirs")?.urn ?? "";
    const own = new Set(
      resources.filter(({ name }) => /^(cloud|shop|lab|prod)-kubernetes$/.test(name)).map(({ urn }) => urn),
    );
    const inside = resources.filter(({ type, custom }) => custom && type.startsWith("kubernetes:"));
    const elsewhere = inside.filter(({ provider }) => {
      const urn = provider.split("::").slice(0, 4).join("::");
      return urn !== theirs && !own.has(urn);
    });
    expect(elsewhere.map(({ name }) => name)).toEqual([]);
  });
});
