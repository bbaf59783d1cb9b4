/** The tables of docs/cis.md; `UPDATE_DOCS=1` writes them anew. */
import { it } from "vitest";
import { CHECKS, type Check } from "../../../model/cis/checks";
import { expectTables } from "../../support/written";

function table(checks: readonly Check[]): string {
  const rows = checks.map(({ id, what, test, reason = "" }) => {
    const judged = test === undefined ? "people" : reason === "" ? "passes" : "may be left";
    return `| ${id} | ${what} | ${judged} | ${reason} |`;
  });
  return ["| Number | Check | Here | Reason |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

it("docs/cis.md has every check", async () => {
  await expectTables(
    "docs/cis.md",
    Object.fromEntries(Object.entries(CHECKS).map(([place, checks]) => [place, table(checks)])),
  );
});
