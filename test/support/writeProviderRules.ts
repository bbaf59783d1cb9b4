/** Writes docs/contributing/provider-rules.md. */
import * as fs from "node:fs";
import * as path from "node:path";
import { formatted } from "../../scripts/formatted";
import { providerRules } from "../engine/providers/aws/original/page";

async function main(): Promise<void> {
  const file = path.resolve(__dirname, "../../docs/contributing/provider-rules.md");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, await formatted(file, providerRules()));
}

void main();
