import { spawnSync } from "node:child_process";

/**
 * Whether a program is on this machine; a test that needs it is skipped without. In CI its absence is an error, so that no check is
 * silently left out, unless a test that CI runs does the same `elsewhere`.
 */
export function have(program: string, elsewhere?: string): boolean {
  const found = spawnSync("bash", ["-c", `command -v ${program}`]).status === 0;
  if (!found && elsewhere === undefined && process.env["CI"] === "true")
    throw new Error(`${program} is missing; CI must run its checks`);
  return found;
}
