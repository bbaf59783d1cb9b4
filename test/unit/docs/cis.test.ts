/** The tables of docs/cis.md; `UPDATE_DOCS=1` writes them anew. */
import { it } from "vitest";
import { CHECKS, type Check } from "../../../model/cis/checks";
import { formatted, read, write } from "../../../scripts/settings/content";
import { expectWritten } from "../../support/written";

const FILE = "docs/cis.md";

function table(checks: readonly Check[]): string {
  const rows = checks.map(({ id, what, test, reason = "" }) => {
    const judged = test === undefined ? "people" : reason === "" ? "passes" : "may be left";
    return `| ${id} | ${what} | ${judged} | ${reason} |`;
  });
  return ["| Number | Check | Here | Reason |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

it("docs/cis.md has every check", async () => {
  const text = read(FILE);
  const filled = Object.entries(CHECKS).reduce((all, [place, checks]) => {
    const [start, end] = [all.indexOf(`<!-- ${place} -->`), all.indexOf(`<!-- end of ${place} -->`)];
    if (start < 0 || end < start) throw new Error(`docs/cis.md has no place for ${place}`);
    return `${all.slice(0, start)}<!-- ${place} -->\n\n${table(checks)}\n\n${all.slice(end)}`;
  }, text);
  if (process.env["UPDATE_DOCS"] === "1") write(FILE, await formatted(FILE, filled));
  await expectWritten(FILE, filled);
});
