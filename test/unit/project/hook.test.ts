/** The pre-commit hook in its own repository, with tools that only write down how they were called. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { have } from "../../support/have";

const root = path.resolve(__dirname, "../../..");
let folder = "";

function git(...words: string[]): { status: number | null; said: string } {
  const identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"];
  // A hook that starts this test would hand its own repository over in these.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  const { status, stdout, stderr } = spawnSync("git", [...identity, ...words], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

function write(file: string, content: string, mode = 0o644): void {
  fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  fs.writeFileSync(path.join(folder, file), content, { mode });
}

const called = (tool: string): string => {
  const file = path.join(folder, "node_modules/.bin", `${tool}.called`);
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
};

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "hook-"));
  git("init", "--quiet");
  write(".gitignore", "node_modules/\n");
  // Formatting makes the word "ugly" a "nice" one, and --check refuses it.
  const prettier = `case "$1" in
--write) for file; do [ ! -f "$file" ] || sed -i s/ugly/nice/ "$file"; done ;;
--check) for file; do ! grep -qs ugly "$file" || exit 1; done ;;
esac`;
  const refuse = 'case "$*" in *wrong*) exit 1 ;; esac';
  for (const [tool, body] of Object.entries({ prettier, eslint: "", oxlint: refuse }))
    write(`node_modules/.bin/${tool}`, `#!/bin/sh\necho "$@" >>"$0.called"\n${body}\n`, 0o755);
  fs.cpSync(path.join(root, ".githooks"), path.join(folder, ".githooks"), { recursive: true });
  const { scripts } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as {
    scripts: { hooks: string };
  };
  git(...scripts.hooks.split(" ").slice(1));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

it.skipIf(!have("git"))("formats what is committed, and lints TypeScript alone", () => {
  write("a file.ts", "ugly\n");
  write("page.md", "ugly\n");
  git("add", ".gitignore", "a file.ts", "page.md");
  expect(git("commit", "-m", "First")).toMatchObject({ status: 0 });
  expect(git("show", "HEAD:a file.ts", "HEAD:page.md").said).toBe("nice\nnice\n");
  for (const linter of ["eslint", "oxlint"]) expect(called(linter)).toMatch(/-- a file\.ts\n$/);
});

it.skipIf(!have("git"))("refuses what the linter refuses", () => {
  write("wrong.ts", "nice\n");
  git("add", "wrong.ts");
  expect(git("commit", "-m", "First").status).toBe(1);
  expect(git("log").status).not.toBe(0);
});

it.skipIf(!have("git"))("does not take changes that were not added: such a file is only checked", () => {
  write("page.md", "nice\n");
  git("add", "page.md");
  write("page.md", "ugly, and not part of it\n");
  expect(git("commit", "-m", "First").status).toBe(1);
  write("page.md", "nice, and not part of it\n");
  expect(git("commit", "-m", "First")).toMatchObject({ status: 0 });
  expect(git("show", "HEAD:page.md").said).toBe("nice\n");
});
