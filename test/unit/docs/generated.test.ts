/** What `npm run settings` writes, in one file so that the compiler reads the project's types once. */
import { describe, expect, it } from "vitest";

import { componentFiles } from "../../../scripts/components/files";
import { read, settingsFiles } from "../../../scripts/settings/files";
import { describedClusters } from "../../../scripts/settings/json";

const clusters = describedClusters();

function stale(files: ReadonlyMap<string, string>): string[] {
  return [...files].filter(([file, text]) => read(file) !== text).map(([file]) => file);
}

describe("files that `npm run settings` writes are up to date", () => {
  it("from the settings' types", async () => {
    const files = await settingsFiles(clusters);
    expect(files.size).toBeGreaterThan(10);
    expect(stale(files)).toEqual([]);
  });

  it("from the components", async () => {
    const files = await componentFiles();
    expect(files.size).toBe(2);
    expect(stale(files)).toEqual([]);
  });
});

it.each(["machines", "aws"] as const)("every key of %s has a doc comment", (platform) => {
  expect(clusters[platform].undocumented).toEqual([]);
});
