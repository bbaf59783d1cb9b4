/** The files that are generated from the settings' schemas and doc comments. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as prettier from "prettier";

import { stackSchema, type Clusters } from "./json";
import { tableWriter } from "./pages";

const ROOT = path.resolve(__dirname, "../..");
const PAGES = "docs/settings";
export const STACK_SCHEMA = "schema/stack.schema.json";

/** What each generated file should hold, by its path in the project. */
export async function settingsFiles(clusters: Clusters): Promise<ReadonlyMap<string, string>> {
  const withTables = tableWriter(clusters);
  const files = new Map([
    [STACK_SCHEMA, await formatted(STACK_SCHEMA, JSON.stringify(stackSchema(clusters)))],
  ]);
  for (const name of fs.readdirSync(path.join(ROOT, PAGES)).sort()) {
    const file = `${PAGES}/${name}`;
    files.set(file, await formatted(file, withTables(read(file))));
  }
  return files;
}

/** The file as it is; "" where there is none. */
export function read(file: string): string {
  const full = path.join(ROOT, file);
  return fs.existsSync(full) ? fs.readFileSync(full, "utf8") : "";
}

export function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(ROOT, file)), { recursive: true });
  fs.writeFileSync(path.join(ROOT, file), text);
}

export async function formatted(file: string, text: string): Promise<string> {
  const full = path.join(ROOT, file);
  return prettier.format(text, { ...(await prettier.resolveConfig(full)), filepath: full });
}
