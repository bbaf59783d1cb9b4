import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** A new folder, removed by the caller's `afterEach` through `cleanUp`. */
const folders: string[] = [];

export function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "plan-"));
  folders.push(folder);
  return folder;
}

export function cleanUp(): void {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
}

/** Every file below a folder, relative and sorted. */
export function listing(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
