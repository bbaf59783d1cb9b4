import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { expect, it } from "vitest";

import { version } from "../../../package.json";

const ROOT = path.resolve(__dirname, "../../..");

it.each(["--version", "version"])("pulumi-kubeadm %s prints the version of the package", (word) => {
  const { status, stdout } = spawnSync(process.execPath, ["bin/cli.cjs", word], {
    cwd: ROOT,
    encoding: "utf8",
  });
  expect(stdout).toBe(`${version}\n`);
  expect(status).toBe(0);
});
