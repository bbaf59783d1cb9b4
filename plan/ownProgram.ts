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
 * Runs a program in this process, and where it exports a function that one, as Pulumi does. TypeScript needs the package tsx in
 * the project.
 *
 * @throws PlanError when the program is TypeScript and there is no tsx
 */
export async function runProgram(file: string): Promise<void> {
  const exported = await load(file);
  if (typeof exported === "function") await (exported as () => unknown)();
}

/** What a program exports: of an ES module the default. */
async function load(file: string): Promise<unknown> {
  if (SOURCES.includes(path.extname(file))) {
    const require = createRequire(file);
    try {
      require("tsx/cjs");
    } catch {
      throw new PlanError(
        `${path.basename(file)} is TypeScript: npm install --save-dev tsx, which runs it without a build`,
      );
    }
    const exported = require(file) as { readonly default?: unknown };
    return isModule(file) ? exported.default : exported;
  }
  return ((await import(pathToFileURL(file).href)) as { readonly default?: unknown }).default;
}

/** Whether Node takes a file of TypeScript for an ES module: by its name, or by the nearest package.json. */
function isModule(file: string): boolean {
  const extension = path.extname(file);
  if (extension !== ".ts") return extension === ".mts";
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const text = readText(path.join(folder, "package.json"));
    if (text !== undefined) return (JSON.parse(text) as { readonly type?: unknown }).type === "module";
    if (folder === path.dirname(folder)) return false;
  }
}

function readText(file: string): string | undefined {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}
