import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

import { readCluster } from "../../../model/settings/parse";
import { awsCluster, machinesCluster } from "../../../model/settings/schema/cluster";
import { REGION, smallAws } from "../../support/awsInput";
import { metalInput } from "../../support/settings";

const ROOT = path.resolve(__dirname, "../../..");

const documents = [
  "README.md",
  "CHANGELOG.md",
  ...fs.readdirSync(path.join(ROOT, "docs"), { recursive: true }).map((name) => `docs/${String(name)}`),
]
  .filter((name) => name.endsWith(".md"))
  .map((name) => ({ name, text: fs.readFileSync(path.join(ROOT, name), "utf8") }));

/** Paths of the settings that hold a value; `<>` stands for a key that people choose, `[]` for an entry of a list. */
function pathsOf(schema: z.core.$ZodType, at: string): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return pathsOf(schema.unwrap(), at);
  if (schema instanceof z.ZodObject) {
    return Object.entries<z.core.$ZodType>(schema.shape).flatMap(([key, inner]) =>
      pathsOf(inner, at === "" ? key : `${at}.${key}`),
    );
  }
  // Members of a union share rows: `endpoint.port` is one setting whatever the kind.
  if (schema instanceof z.ZodUnion) {
    return [...new Set(schema.options.flatMap((option) => pathsOf(option, at)))];
  }
  if (schema instanceof z.ZodArray && holdsKeys(schema.element)) return pathsOf(schema.element, `${at}[]`);
  if (schema instanceof z.ZodRecord && holdsKeys(schema.valueType))
    return pathsOf(schema.valueType, `${at}.<>`);
  return [at];
}

function holdsKeys(schema: z.core.$ZodType): boolean {
  if (schema instanceof z.ZodUnion) return schema.options.some(holdsKeys);
  return schema instanceof z.ZodObject;
}

/** First cells of the tables of docs/settings/, in the form of `pathsOf`. */
function documentedPaths(): string[] {
  const pages = documents.filter((document) => document.name.startsWith("docs/settings/"));
  const tables = pages
    .flatMap(({ text }) => text.split(/\n\n/))
    .filter((part) => part.startsWith("| Setting"));
  return tables.flatMap((table) =>
    table
      .split("\n")
      .slice(2)
      .flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)])
      .map((match) => (match[1] ?? "").replace(/<[a-z]+>/g, "<>")),
  );
}

/** A list of plain values may be written with or without its brackets, and a mapping to such without its keys. */
const bare = (text: string) => text.replace(/(\[\]|\.<>)$/, "");

const settings = [
  ...new Set([machinesCluster, awsCluster].flatMap((schema) => pathsOf(schema, "")).map(bare)),
].sort();

/** Settings, and the mappings and lists that they are in. */
const known = new Set(
  settings.flatMap((setting) => {
    const parts = setting.split(".");
    return parts.map((_, index) => bare(parts.slice(0, index + 1).join(".")));
  }),
);

describe("docs/settings/", () => {
  it("is held against a schema that was walked to its leaves", () => {
    expect(settings).toContain("downloads.checksums.crictl.arm64");
    expect(settings).toContain("machines.<>.taints[].effect");
    expect(settings).toContain("endpoint.machine");
    expect(settings).toContain("workers.<>.spot.onDemandBase");
    expect(settings.length).toBeGreaterThan(100);
  });

  it("has a row for every setting", () => {
    const documented = new Set(documentedPaths().map(bare));
    expect(settings.filter((setting) => !documented.has(setting))).toEqual([]);
  });

  it("has no row for a setting that does not exist", () => {
    expect(documentedPaths().filter((row) => !known.has(bare(row)))).toEqual([]);
  });
});

/** First keys of the settings, each with the pages whose tables have it. */
const pagesOf = new Map<string, Set<string>>();
for (const { name, text } of documents)
  for (const [, key = ""] of name.startsWith("docs/settings/") ? text.matchAll(/^\| `([A-Za-z]+)/gm) : [])
    if (known.has(key)) pagesOf.set(key, (pagesOf.get(key) ?? new Set()).add(path.basename(name)));

describe("the way to a setting", () => {
  it("the list of pages names every first key beside its page", () => {
    const [, list = ""] =
      /## Pages\n([^#]*)/.exec(
        documents.find(({ name }) => name === "docs/settings/README.md")?.text ?? "",
      ) ?? [];
    const rows = [...list.matchAll(/^\| \[[^\]]*\]\(([^)]*)\) *\|(.*)$/gm)];
    const missing = [...pagesOf].flatMap(([key, pages]) => {
      const named = rows.filter(([, , keys]) => keys?.includes(`\`${key}\``)).map(([, page = ""]) => page);
      return [...pages].filter((page) => !named.includes(page)).map((page) => `${key}: ${page}`);
    });
    expect(pagesOf.size).toBeGreaterThan(40);
    expect(missing).toEqual([]);
  });

  it("links that name a setting lead to its page", () => {
    const LINK = /\[`([A-Za-z]+)[^`\]]*`\]\(([^)#]*)/g;
    const links = documents.flatMap(({ name, text }) =>
      [...text.matchAll(LINK)].map(([, key = "", to = ""]) => ({
        key,
        from: name,
        to: path.posix.join(path.posix.dirname(name), to),
      })),
    );
    const onSettings = links.filter(({ to, key }) => to.startsWith("docs/settings/") && pagesOf.has(key));
    expect(onSettings.length).toBeGreaterThan(0);
    expect(
      onSettings.filter(({ key, to }) => pagesOf.get(key)?.has(path.posix.basename(to)) !== true),
    ).toEqual([]);
  });
});

type Mapping = Record<string, unknown>;

/** Examples in YAML: whole environments, and keys of `kubeadm:cluster` shown by themselves; no Kubernetes objects. */
const examples = documents
  .flatMap(({ name, text }) =>
    [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match, index) => {
      const value = parse(match[1] ?? "") as { config?: Mapping } & Mapping;
      return { title: `${name}, example ${index + 1}`, value };
    }),
  )
  .filter(({ value }) => !("apiVersion" in value));

/** Keys of a part laid over environment metal, machines added to its own. */
function overMetal(part: Mapping): Mapping {
  const metal = metalInput();
  const machines = { ...(metal["machines"] as Mapping), ...(part["machines"] as Mapping | undefined) };
  return { ...metal, ...part, machines };
}

describe("examples in README and docs", () => {
  it("are there", () => {
    expect(examples.filter(({ value }) => value.config !== undefined).length).toBeGreaterThan(1);
    expect(examples.length).toBeGreaterThan(8);
  });

  it.each(examples)("$title is taken", ({ value }) => {
    // Pools of workers are on AWS alone.
    const part = "workers" in value ? { ...smallAws(), ...value } : overMetal(value);
    const given = value.config === undefined ? part : value.config["kubeadm:cluster"];
    const region = value.config === undefined ? REGION : value.config["aws:region"];
    expect(given).toBeTypeOf("object");
    expect(() => readCluster(given, { environment: "docs", region: region as string })).not.toThrow();
  });
});
