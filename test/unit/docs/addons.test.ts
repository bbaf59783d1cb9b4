import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readCluster } from "../../../model/settings/parse";
import { bareMetalInput } from "../../support/bareMetal";

const FOLDER = path.resolve(__dirname, "../../../docs/addons");

type Mapping = Record<string, unknown>;

const examples = fs
  .readdirSync(FOLDER)
  .filter((name) => name.endsWith(".md"))
  .flatMap((name) => {
    const text = fs.readFileSync(path.join(FOLDER, name), "utf8");
    return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match, index) => ({
      title: `${name}, example ${index + 1}`,
      value: parse(match[1] ?? "") as { config?: Mapping } & Mapping,
    }));
  });

describe("docs/addons", () => {
  it("has a page with an example for each add-on", () => {
    for (const page of ["coredns", "metallb", "ingress", "metrics-server"])
      expect(examples.map(({ title }) => title)).toContain(`${page}.md, example 1`);
  });

  it.each(examples)("$title is taken", ({ value }) => {
    const given = value.config?.["kubeadm:cluster"] ?? { ...bareMetalInput(), ...value };
    const region = value.config?.["aws:region"] as string | undefined;
    expect(() => readCluster(given, { environment: "docs", region })).not.toThrow();
  });
});
