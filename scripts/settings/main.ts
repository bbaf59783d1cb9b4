/** `npm run settings`: writes the JSON Schema of stack files, the tables of docs/settings/ and what docs/components.md says of each component. */
import { componentFiles } from "../components/files";
import { read, settingsFiles, write } from "./files";
import { describedClusters } from "./json";

async function main(): Promise<void> {
  for (const [file, text] of [...(await settingsFiles(describedClusters())), ...(await componentFiles())]) {
    if (read(file) === text) continue;
    write(file, text);
    console.log(`wrote ${file}`);
  }
}

void main();
