/** What `npm run settings` writes, in one file so that the compiler reads the project's types once. */
import { describe, expect, it } from "vitest";

import { componentFiles } from "../../../scripts/components/files";
import { settingsFiles } from "../../../scripts/settings/files";
import { describedClusters } from "../../../scripts/settings/json";
import { expectWritten } from "../../support/written";

const clusters = describedClusters();

describe("files that `npm run settings` writes are up to date", () => {
  it("from the settings' types", async () => {
    const files = settingsFiles(clusters);
    expect(files.size).toBeGreaterThan(10);
    for (const [file, text] of files) await expectWritten(file, text);
  });

  it("from the components", async () => {
    const files = componentFiles();
    expect(files.size).toBe(2);
    for (const [file, text] of files) await expectWritten(file, text);
  });
});

it.each(["machines", "aws"] as const)("every key of %s has a doc comment", (platform) => {
  expect(clusters[platform].undocumented).toEqual([]);
});
