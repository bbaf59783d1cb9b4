import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readCluster } from "../../../model/settings/parse";
import { bareMetalInput } from "../../support/bareMetal";
import { smallAws } from "../../support/awsInput";

const DOCS = path.resolve(__dirname, "../../../docs");

type Mapping = Record<string, unknown>;
const pages = fs
  .readdirSync(DOCS, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => ({ name, text: fs.readFileSync(path.join(DOCS, name), "utf8") }));
const guides = pages.filter(({ name }) => /^(tutorials|how-to)\//.test(name));
const examples = guides.flatMap(({ name, text }) =>
  [...text.matchAll(/^ *```yaml\n([\s\S]*?)^ *```$/gm)].map((match, index) => ({
    title: `${name}, example ${index + 1}`,
    value: parse(match[1] ?? "") as { config?: Mapping; machines?: Mapping; workers?: Mapping } & Mapping,
  })),
);

/** An example that is a part of a cluster's settings, in a cluster that has the rest. */
function whole({ machines, workers, ...rest }: Mapping): Mapping {
  if (workers !== undefined) return { ...smallAws(), workers, ...rest };
  const base = bareMetalInput();
  return {
    ...base,
    ...rest,
    machines: { ...(base.machines as Mapping), ...(machines as Mapping | undefined) },
  };
}

describe("tutorials and how-to guides", () => {
  it.each(examples)("$title is taken", ({ value }) => {
    const given = (value.config?.["kubeadm:cluster"] as Mapping | undefined) ?? whole(value);
    const region = given["platform"] === "aws" ? "eu-central-1" : undefined;
    expect(() => readCluster(given, { environment: "docs", region })).not.toThrow();
  });
});
