/** `npm run settings`: writes the JSON Schema of stack files, the tables of docs/settings/ and what docs/components.md says of each component. */
import { componentFiles } from "../components/files";
import { formatted, hasContent, read, write } from "./content";
import { settingsFiles } from "./files";
import { describedClusters } from "./json";

async function main(): Promise<void> {
  for (const [file, text] of [...settingsFiles(describedClusters()), ...componentFiles()]) {
    if (hasContent(file, text)) continue;
    const fresh = await formatted(file, text);
    if (read(file) === fresh) continue;
    write(file, fresh);
    console.log(`wrote ${file}`);
  }
}

void main();
