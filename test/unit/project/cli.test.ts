import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { version } from "../../../package.json";

const ROOT = path.resolve(__dirname, "../../..");

function run(
  ...words: readonly string[]
): Readonly<{ status: number | null; stdout: string; stderr: string }> {
  return spawnSync(process.execPath, ["bin/cli.cjs", ...words], {
    cwd: ROOT,
    encoding: "utf8",
    env: { PATH: "/nonexistent" },
  });
}

it.each(["--version", "-v", "version"])("pulumi-kubeadm %s prints the version of the package", (word) => {
  const { status, stdout } = run(word);
  expect(stdout).toBe(`${version}\n`);
  expect(status).toBe(0);
});

it("helps with a command by either order of the words, and names the command that a misspelt one is near to", () => {
  const { stdout } = run("help", "cis");
  expect(stdout).toBe(run("cis", "--help").stdout);
  expect(stdout).toMatch(/^Usage: npx pulumi-kubeadm cis/);
  expect(run("help").stdout).toMatch(/^Usage: pulumi-kubeadm <command>/);
  const { status, stderr } = run("docter");
  expect(stderr).toMatch(/^error: unknown command docter; did you mean doctor\?\n/);
  expect(status).toBe(2);
});

it("checks a host by a shell that can read the script: sh of Debian and Ubuntu cannot", () => {
  const shell = /sudo -n (\S+) -s$/m.exec(run("cis", "--help").stdout)?.[1];
  const script = run("cis").stdout;
  expect(script).toMatch(/^#!\/usr\/bin\/env bash\n/);
  expect(shell).toBe("bash");
});

describe("the smoke test", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "kubeconfig-"));
    writeFileSync(path.join(folder, "broken"), "users: [{ name: admin, user: { client-key-data: aHVzaA==\n");
    writeFileSync(path.join(folder, "empty"), "apiVersion: v1\nkind: Config\n");
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each<[string, readonly string[], string]>([
    ["a stack, without Pulumi", ["prod"], "the program pulumi is not on the PATH: install it, or give the"],
    ["a file that is not there", ["--kubeconfig", "no-such-file"], "no-such-file cannot be read: ENOENT"],
    [
      "a file that is no YAML",
      ["--kubeconfig", "broken"],
      "the kubeconfig is not YAML with a current context",
    ],
    [
      "a file without a cluster",
      ["--kubeconfig", "empty"],
      "the kubeconfig is not YAML with a current context",
    ],
    ["an option that it lacks", ["--foo"], "Unknown option '--foo'"],
  ])("of %s says what is wrong in one line, and shows no key", (_, words, message) => {
    const { status, stderr } = run(
      "smoke",
      ...words.map((word) => word.replace(/^(broken|empty)$/, `${folder}/$1`)),
    );
    expect(stderr.split("\n")[0]).toMatch(/^error: /);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/aHVzaA|^ +at /m);
    expect(status).toBe(2);
  });
});
