/** The files that are generated from the settings' schemas and doc comments. */
import * as fs from "node:fs";
import * as path from "node:path";

import { read, ROOT } from "./content";
import { stackSchema, type Clusters } from "./json";
import { tableWriter } from "./pages";

const PAGES = "docs/settings";
const STACK_SCHEMA = "schema/stack.schema.json";

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
