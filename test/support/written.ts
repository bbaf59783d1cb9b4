import { expect } from "vitest";

import { formatted, hasContent, read } from "../../scripts/settings/content";

/** Fails with the difference where a file, by its path in the project, is not the one that a program would write with this text. */
export async function expectWritten(file: string, text: string): Promise<void> {
  if (!hasContent(file, text)) expect(read(file), file).toBe(await formatted(file, text));
}
