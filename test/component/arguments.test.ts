/** Wrong arguments of components, as programs give them that no compiler has checked: one report before the first resource. */
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import * as core from "../../index";
import { record } from "../../testing/recorder";
import { metalInput } from "../support/settings";
import { COMPONENTS, EXPORTED } from "./exported";
import { pathsOf, problemsOf } from "./problems";

it("every component that is exported is in the table", () => {
  expect(Object.keys(EXPORTED).sort()).toEqual(COMPONENTS.map(([name]) => name).sort());
});

describe.each(COMPONENTS)("%s", (name, Component) => {
  it("reports every wrong argument by its path, with what is allowed", async () => {
    const { wrong } = EXPORTED[name];
    expect(wrong.length).toBeGreaterThan(0);
    for (const [args, ...paths] of wrong) {
      const problems = await problemsOf(() => void new Component("mine", args));
      expect(problems.map(({ path }) => path)).toEqual(paths);
      for (const { path, allowed } of problems) expect(allowed, path).not.toBe("");
    }
  });

  it("takes nothing under a key that it does not know", async () => {
    const paths = await pathsOf(() => void new Component("mine", { kind: "traefik", clusterSettings: {} }));
    expect(paths).toContain("clusterSettings");
  });
});

describe("a part", () => {
  it("says where an output was made text of", async () => {
    const version = pulumi.output("v0.28.9") as unknown as string;
    const args = { podCidr: "10.244.0.0/16", versions: { flannel: `${version}` } };
    expect(await problemsOf(() => void new core.Flannel("mine", args))).toMatchObject([
      { path: "versions.flannel", message: "was made of an output that has no value yet" },
    ]);
  });
});

describe("a Cluster", () => {
  it("shows nothing of secrets that are not a mapping", async () => {
    const args = { settings: metalInput(), secrets: "the key" } as never;
    expect(await problemsOf(() => void new core.Cluster("mine", args))).toMatchObject([
      { path: "secrets", value: "[hidden]" },
    ]);
  });

  it("says where an output was made text of", async () => {
    const address = pulumi.output("192.0.2.1");
    const machines = { cp1: { role: "controlPlane", host: `${address as unknown as string}` } };
    const proxy = { https: `http://${address as unknown as string}:3128` };
    const args = { settings: { machines, proxy } } as never;
    const found = await problemsOf(() => void new core.Cluster("mine", args));
    expect(found.map(({ path }) => path)).toEqual(["machines.cp1.host", "proxy.https"]);
    for (const { allowed, value } of found) {
      expect(allowed).toContain("pulumi.interpolate");
      expect(value).toBe("text");
    }
  });

  it("names every output among its settings but for what may be one", async () => {
    const machines = { cp1: { role: pulumi.output("controlPlane"), host: pulumi.output("192.0.2.1") } };
    const args = { settings: { network: Promise.resolve({}), machines } } as never;
    expect(await problemsOf(() => void new core.Cluster("mine", args))).toMatchObject([
      { path: "network", value: "a promise" },
      { path: "machines.cp1.role", value: "an output" },
    ]);
  });
});

it("a Pki is protected unless its arguments or its options say otherwise", async () => {
  const protectedOf = async (args: core.PkiArgs, opts?: pulumi.ComponentResourceOptions) => {
    const resources = await record(() => new core.Pki("pki", args, opts), { preview: true });
    const keys = resources.filter(({ name }) => /-(ca-key|service-account|encryption)$/.test(name));
    return keys.map(({ protect }) => protect);
  };
  expect(await protectedOf({})).toEqual([true, true, true, true, true]);
  expect(await protectedOf({}, { protect: false })).toEqual([false, false, false, false, false]);
  expect(await protectedOf({ protect: true }, { protect: false })).toEqual([true, true, true, true, true]);
});
