/** Writes the table of model/settings/effects.ts into docs/replacement.md. */
import * as fs from "node:fs";
import * as path from "node:path";
import { format, resolveConfig } from "prettier";
import { effectsTable } from "../../scripts/settings/effects";

async function main(): Promise<void> {
  const file = path.resolve(__dirname, "../../docs/replacement.md");
  const text = fs.readFileSync(file, "utf8");
  const table = `<!-- effects -->\n\n${effectsTable()}\n<!-- end of effects -->`;
  const written = text.replace(/<!-- effects -->[^]*<!-- end of effects -->/, () => table);
  fs.writeFileSync(file, await format(written, { ...(await resolveConfig(file)), parser: "markdown" }));
}

void main();
