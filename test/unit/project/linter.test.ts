/** What the linters refuse, in a folder with their configuration and little else. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = path.resolve(__dirname, "../../..");

const FILES: Readonly<Record<string, string>> = {
  "model/up.ts": 'import "../components/cluster";\n',
  "model/pulumi.ts": 'import type { Output } from "@pulumi/pulumi";\nexport type Name = Output<string>;\n',
  "host/settings.ts":
    "export type Input = Partial<ClusterSettings>;\ninterface ClusterSettings {\n  readonly name: string;\n}\n",
  "model/core/manifest.ts":
    'import type { Output } from "@pulumi/pulumi";\nexport type Name = Output<string>;\n',
  "host/pulumi.ts": 'import type { Output } from "@pulumi/pulumi";\nexport type Name = Output<string>;\n',
  "host/down.ts": 'import "../model/core/manifest";\n',
  "components/cluster.ts": 'import "../model/core/manifest";\n',
  "components/up.ts": 'import "../stacks/program";\n',
  "stacks/program.ts": "",
  "stacks/text.ts":
    'import type { Output } from "@pulumi/pulumi";\nexport const text = (name: Output<string>): string => `${name}`;\n',
  "stacks/promise.ts": "export function start(begin: () => Promise<void>): void {\n  begin();\n}\n",
  "stacks/any.ts": 'export const value = JSON.parse("{}").name;\n',
  "stacks/cases.ts":
    'export function first(letter: "a" | "b"): void {\n  switch (letter) {\n    case "a":\n  }\n}\n',
  "stacks/types.ts": 'export const port: number = "80";\n',
  "test/types.ts": "export function none(): number {}\n",
};

describe("the linters", () => {
  let folder = "";
  const refused = new Map<string, Set<string>>();
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "linter-"));
    for (const [file, text] of Object.entries(FILES)) {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), text);
    }
    for (const file of ["eslint.config.mjs", ".oxlintrc.json", "tsconfig.json"])
      fs.copyFileSync(path.join(root, file), path.join(folder, file));
    fs.symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    const { diagnostics } = said("oxlint") as { diagnostics: { filename: string; code: string }[] };
    for (const { filename, code } of diagnostics) refuse(filename, code.replace(/^.*\((.*)\)$/, "$1"));
    const files = said("eslint", ".") as { filePath: string; messages: { ruleId: string }[] }[];
    for (const { filePath, messages } of files)
      for (const { ruleId } of messages) refuse(path.relative(fs.realpathSync(folder), filePath), ruleId);
  });
  const said = (linter: string, ...words: string[]): unknown => {
    const { stdout, stderr } = spawnSync(`node_modules/.bin/${linter}`, ["--format=json", ...words], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(stdout, stderr).toMatch(/^[{[]/);
    return JSON.parse(stdout);
  };
  const refuse = (file: string, rule: string): void => {
    refused.set(file, (refused.get(file) ?? new Set()).add(rule));
  };
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  it.each([
    ["model/up.ts", "no-restricted-imports"],
    ["model/pulumi.ts", "no-restricted-imports"],
    ["host/pulumi.ts", "no-restricted-imports"],
    ["components/up.ts", "no-restricted-imports"],
    ["host/settings.ts", "no-restricted-syntax"],
  ])("refuses an import that points up, Pulumi in the model, and settings as a whole: %s", (file, rule) => {
    expect([...(refused.get(file) ?? [])]).toEqual([rule]);
  });

  it.each(["model/core/manifest.ts", "host/down.ts", "components/cluster.ts", "stacks/program.ts"])(
    "accepts an import that points down: %s",
    (file) => {
      expect(refused.get(file)).toBeUndefined();
    },
  );

  it.each([
    ["an output in a text", "stacks/text.ts", "restrict-template-expressions"],
    ["a promise that nobody waits for", "stacks/promise.ts", "no-floating-promises"],
    ["a value without a type", "stacks/any.ts", "no-unsafe-member-access"],
    ["a kind that a switch forgets", "stacks/cases.ts", "switch-exhaustiveness-check"],
    ["what the compiler refuses", "stacks/types.ts", "TS2322"],
    ["what the compiler refuses in tests", "test/types.ts", "TS2355"],
  ])("refuses %s", (_, file, rule) => {
    expect([...(refused.get(file) ?? [])]).toContain(rule);
  });
});
