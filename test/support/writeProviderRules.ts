/** Writes docs/contributing/provider-rules.md. */
import * as fs from "node:fs";
import * as path from "node:path";
import { format, resolveConfig } from "prettier";
import { providerRules } from "../engine/providers/aws/original/page";

async function main(): Promise<void> {
  const file = path.resolve(__dirname, "../../docs/contributing/provider-rules.md");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const options = { ...(await resolveConfig(file)), parser: "markdown" };
  fs.writeFileSync(file, await format(providerRules(), options));
}

void main();
