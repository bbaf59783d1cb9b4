import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { shapeOf } from "./shape";

/** Templates of kubectl look like expansions in single quotes, and functions that several scripts have are not called in each. */
const ARGUMENTS = ["--shell=bash", "--format=gcc", "--exclude=SC2016,SC2034,SC2054,SC2100,SC2317"];

/** Names of files without content, one for each script that shellcheck had nothing to say of. CI starts without. */
const passed =
  process.env["CI"] === undefined ? path.join(__dirname, "../../out/cache/shellcheck") : undefined;

/** Shapes of scripts that passed in this process: most differ in names and addresses alone. */
const shapes = new Set<string>();

let version: string | undefined;

function key(script: string, words: readonly string[] = ARGUMENTS): string {
  version ??= spawnSync("shellcheck", ["--version"], { encoding: "utf8" }).stdout;
  return createHash("sha256")
    .update(JSON.stringify([version, words, script]))
    .digest("hex");
}

const isKnown = (one: string): boolean =>
  shapes.has(one) || (passed !== undefined && fs.existsSync(path.join(passed, one)));

function remember(keys: Iterable<string>): void {
  if (passed !== undefined) fs.mkdirSync(passed, { recursive: true });
  for (const one of keys) {
    shapes.add(one);
    if (passed !== undefined) fs.writeFileSync(path.join(passed, one), "");
  }
}

/** What shellcheck says of script files as they are, by their own heads. */
export function shellcheckFiles(folder: string, files: readonly string[]): string {
  const words = ["--format=gcc"];
  const asked = new Map(
    files
      .map((file) => [key(fs.readFileSync(path.join(folder, file), "utf8"), words), file] as const)
      .filter(([one]) => !isKnown(one)),
  );
  if (asked.size === 0) return "";
  const { status, stdout, stderr } = spawnSync("shellcheck", [...words, "--", ...asked.values()], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status === 0) remember(asked.keys());
  return stdout + stderr;
}

/**
 * What shellcheck says of rendered scripts, by name. It takes a second for many of them, so it is asked once for each shape. The heads of
 * script files, with what shellcheck is to let pass there, are not in rendered ones.
 */
export function shellcheck(scripts: string | Readonly<Record<string, string>>): string {
  const given = typeof scripts === "string" ? { script: scripts } : scripts;
  const asked = new Map(
    Object.entries(given).map(([name, script]) => [key(shapeOf(script)), { name, script }]),
  );
  for (const one of asked.keys()) if (isKnown(one)) asked.delete(one);
  if (asked.size === 0) return "";
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "shellcheck-"));
  try {
    for (const { name, script } of asked.values()) fs.writeFileSync(path.join(folder, name), script);
    const args = [...ARGUMENTS, "--", ...[...asked.values()].map(({ name }) => name)];
    const { status, stdout, stderr } = spawnSync("shellcheck", args, { cwd: folder, encoding: "utf8" });
    if (status === 0) remember(asked.keys());
    return stdout + stderr;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
