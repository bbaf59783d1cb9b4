import { createRequire } from "node:module";
import * as fs from "node:fs";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { readProject } from "../stacks/project";
import { PlanError } from "./error";

const SOURCES = [".ts", ".mts", ".cts"];

/** File of the program that `Pulumi.yaml` in a folder names, absolute. Undefined where there is no project, or no such file. */
export function ownProgram(folder: string): string | undefined {
  const project = readProject(folder);
  if (project === undefined) return undefined;
  const named = path.resolve(folder, project.main ?? "");
  const file = fs.statSync(named, { throwIfNoEntry: false })?.isDirectory()
    ? ["index.ts", "index.mts", "index.js", "index.mjs", "index.cjs"]
        .map((name) => path.join(named, name))
        .find((one) => fs.existsSync(one))
    : named;
  return file !== undefined && fs.existsSync(file) ? file : undefined;
}

/**
 * Runs a program in this process. TypeScript needs the package tsx in the project.
 *
 * @throws PlanError when the program is TypeScript and there is no tsx
 */
export async function runProgram(file: string): Promise<void> {
  if (SOURCES.includes(path.extname(file))) {
    const require = createRequire(file);
    try {
      require("tsx/cjs");
    } catch {
      throw new PlanError(
        `${path.basename(file)} is TypeScript: npm install --save-dev tsx, which runs it without a build`,
      );
    }
    require(file);
    return;
  }
  await import(pathToFileURL(file).href);
}
