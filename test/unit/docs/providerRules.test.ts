/** docs/contributing/provider-rules.md is what `npm run provider-rules` writes. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { formatted } from "../../../scripts/formatted";
import { providerRules } from "../../engine/providers/aws/original/page";

it("docs/contributing/provider-rules.md is written from the table, the stand-in and the installed SDK", async () => {
  const file = path.resolve(__dirname, "../../../docs/contributing/provider-rules.md");
  expect(fs.readFileSync(file, "utf8")).toBe(await formatted(file, providerRules()));
});
