/** Files that programs write: reading, comparing, formatting and writing them. It loads nothing, for tests that compare one. */
import * as fs from "node:fs";
import * as path from "node:path";

export const ROOT = path.resolve(__dirname, "../..");

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
