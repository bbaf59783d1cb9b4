/** docs/contributing/provider-rules.md is what `npm run provider-rules` writes. */
import { it } from "vitest";
import { PROVIDER_RULES, providerRules } from "../../engine/providers/aws/original/page";
import { expectWritten } from "../../support/written";

it("docs/contributing/provider-rules.md is written from the table, the stand-in and the installed SDK", async () => {
  await expectWritten(PROVIDER_RULES, providerRules());
});
