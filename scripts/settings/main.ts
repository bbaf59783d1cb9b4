/** `npm run settings`: writes the JSON Schema of stack files and the tables of docs/settings/. */
import { read, settingsFiles, write } from "./files";

async function main(): Promise<void> {
  for (const [file, text] of await settingsFiles()) {
    if (read(file) === text) continue;
    write(file, text);
    console.log(`wrote ${file}`);
  }
}

void main();
