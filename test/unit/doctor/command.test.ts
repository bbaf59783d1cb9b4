import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { expect, it } from "vitest";

const ROOT = path.resolve(__dirname, "../../..");

it.each([
  [["prod"], "the program pulumi is not on the PATH: install it, or give the state with --state"],
  [["--state", "no-such-file"], "no-such-file"],
])("the command with %j cannot look, says why, and ends with status 2", (words, message) => {
  const { status, stderr } = spawnSync(process.execPath, ["bin/cli.cjs", "doctor", ...words], {
    cwd: ROOT,
    encoding: "utf8",
    env: { PATH: "/nonexistent" },
  });
  expect(stderr).toContain(message);
  expect(status).toBe(2);
});
