import { spawnSync } from "node:child_process";

/**
 * What shellcheck says of a rendered script. The heads of script files, with what shellcheck is to let pass there, are not in it: templates
 * of kubectl look like expansions in single quotes, and functions that several scripts have are not called in each.
 */
export function shellcheck(script: string): string {
  const args = ["--shell=bash", "--format=gcc", "--exclude=SC2016,SC2034,SC2054,SC2100,SC2317", "-"];
  const { stdout, stderr } = spawnSync("shellcheck", args, { input: script, encoding: "utf8" });
  return stdout + stderr;
}
