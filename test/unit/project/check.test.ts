/** `npm run check` and `npm test` as package.json starts them, with tools that only write down how they were called. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run, type RunResult } from "../../support/run";

const root = path.resolve(__dirname, "../../..");
let folder = "";
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "check-"));
  for (const tool of ["prettier", "eslint", "oxlint", "vitest"]) stub(tool, "");
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function stub(tool: string, body: string): void {
  const text = `#!/bin/sh\necho "$@" >"$0.called"\necho "${tool} speaks"\n${body}\n`;
  fs.writeFileSync(path.join(folder, tool), text, { mode: 0o755 });
}

function start(script: "check" | "test", more: string[] = [], ci?: string): Promise<RunResult> {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const [program = "", ...words] = scripts[script]?.split(" ") ?? [];
  expect(program).toBe("node");
  const env = { ...process.env, CI: ci, PATH: `${folder}:${process.env["PATH"]}` };
  return run([process.execPath, ...words, ...more], { cwd: root, env, allowFailure: true });
}

const called = (tool: string): string | undefined => {
  const file = path.join(folder, `${tool}.called`);
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim() : undefined;
};

describe("npm run check", () => {
  it("runs format, lint and types, and prints what each took", async () => {
    const { status, stdout } = await start("check");
    expect(status).toBe(0);
    const times = ["format", "lint", "types"].map((name): unknown =>
      expect.stringMatching(new RegExp(`^${name} +\\d+ s  passed$`)),
    );
    expect(stdout.trim().split("\n")).toEqual(times);
    expect(called("prettier")).toContain("out/cache/");
    expect(called("vitest")).toBeUndefined();
  });

  it("uses no cache in CI", async () => {
    await start("check", [], "true");
    expect(called("prettier")).not.toContain("cache");
  });

  it("finishes every part, shows the output of those that fail, and fails", async () => {
    stub("eslint", "echo 'a.ts: no-unused-vars' >&2; exit 1");
    const { status, stdout } = await start("check");
    expect(status).toBe(1);
    expect(stdout).toContain("=== lint failed\neslint speaks\na.ts: no-unused-vars\n");
    expect(stdout).toMatch(/^lint .*FAILED$/m);
    expect(stdout).toMatch(/^types .*passed$/m);
    expect(stdout).not.toContain("oxlint speaks");
  });
});

describe("npm test", () => {
  it("runs the unit level beside the check, with the words it is given", async () => {
    const { status, stdout } = await start("test", ["--reporter=json"]);
    expect(status).toBe(0);
    expect(called("vitest")).toBe("run --project=unit --reporter=json");
    expect(stdout).toContain("vitest speaks");
    expect(stdout).toMatch(/^tests .*passed$/m);
    expect(called("oxlint")).toBeDefined();
  });

  it("fails when a test fails", async () => {
    stub("vitest", "exit 1");
    const { status, stdout } = await start("test");
    expect(status).toBe(1);
    expect(stdout).toMatch(/^tests .*FAILED$/m);
    expect(stdout).toMatch(/^lint .*passed$/m);
  });
});
