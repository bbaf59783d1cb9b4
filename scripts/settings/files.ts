/** The files that are generated from the settings' schemas and doc comments. */
import * as fs from "node:fs";
import * as path from "node:path";

import { stackSchema, type Clusters } from "./json";
import { tableWriter } from "./pages";

const ROOT = path.resolve(__dirname, "../..");
const PAGES = "docs/settings";
export const STACK_SCHEMA = "schema/stack.schema.json";

/** What each generated file should hold, by its path in the project; not formatted. */
export function settingsFiles(clusters: Clusters): ReadonlyMap<string, string> {
  const withTables = tableWriter(clusters);
  const files = new Map([[STACK_SCHEMA, JSON.stringify(stackSchema(clusters))]]);
  for (const name of fs.readdirSync(path.join(ROOT, PAGES)).sort()) {
    const file = `${PAGES}/${name}`;
    files.set(file, withTables(read(file)));
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

/**
 * Whether a file has a text, whatever the padding of tables: to format it would take longer than to make it, and the formatter's own
 * check reads the files anyway. A text that it would change in another way is another one here.
 */
export function hasContent(file: string, text: string): boolean {
  const now = read(file);
  return now !== "" && withoutLayout(file, now) === withoutLayout(file, text);
}

function withoutLayout(file: string, text: string): string {
  if (file.endsWith(".json")) return JSON.stringify(JSON.parse(text));
  return text
    .replace(/^\|.*\|$/gm, (row) => row.replace(/ +\|/g, " |").replace(/\| +/g, "| "))
    .replace(/^\|( -+ \|)+$/gm, (row) => row.replace(/-+/g, "-"))
    .trim();
}

export async function formatted(file: string, text: string): Promise<string> {
  const full = path.join(ROOT, file);
  const { format, resolveConfig } = await import("prettier");
  return format(text, { ...(await resolveConfig(full)), filepath: full });
}
