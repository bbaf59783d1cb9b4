/** docs/contributing/provider-rules.md is what `npm run provider-rules` writes. */
import * as fs from "node:fs";
import * as path from "node:path";
import { format, resolveConfig } from "prettier";
import { expect, it } from "vitest";
import { providerRules } from "../../engine/providers/aws/original/page";

it("docs/contributing/provider-rules.md is written from the table, the stand-in and the installed SDK", async () => {
  const file = path.resolve(__dirname, "../../../docs/contributing/provider-rules.md");
  const options = { ...(await resolveConfig(file)), parser: "markdown" };
  expect(fs.readFileSync(file, "utf8")).toBe(await format(providerRules(), options));
});
