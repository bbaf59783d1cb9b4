import { expect } from "vitest";

import { formatted, hasContent, read, write } from "../../scripts/settings/content";

/** Fails with the difference where a file, by its path in the project, is not the one that a program would write with this text. */
export async function expectWritten(file: string, text: string): Promise<void> {
  if (!hasContent(file, text)) expect(read(file), file).toBe(await formatted(file, text));
}

/** Fails where a page does not have these tables, each in its place between two comments; `UPDATE_DOCS=1` writes them first. */
export async function expectTables(file: string, tables: Readonly<Record<string, string>>): Promise<void> {
  const filled = Object.entries(tables).reduce((text, [name, table]) => {
    const [start, end] = [text.indexOf(`<!-- ${name} -->`), text.indexOf(`<!-- end of ${name} -->`)];
    if (start < 0 || end < start) throw new Error(`${file} has no place for ${name}`);
    return `${text.slice(0, start)}<!-- ${name} -->\n\n${table}\n\n${text.slice(end)}`;
  }, read(file));
  if (process.env["UPDATE_DOCS"] === "1") write(file, await formatted(file, filled));
  await expectWritten(file, filled);
}
