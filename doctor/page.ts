import { html } from "../plan/html/markup";
import { htmlPage } from "../plan/html/shell";
import { mono, table } from "../plan/html/table";
import type { Diagnosis } from "./look";

/** One page for people, as the plan's: nothing is fetched, no script runs. */
export function page({ findings, notes = [], looked }: Diagnosis, endpoint: string): string {
  const title = findings.length === 0 ? "Nothing found" : `${findings.length} found`;
  return htmlPage(
    `Doctor of ${endpoint}`,
    html`<p class="eyebrow">Doctor</p>
      <h1>${endpoint}</h1>
      <p>${title}. Looked at ${looked.hosts.join(", ") || "no host"}${looked.api ? " and the API" : ""}.</p>`,
    html`<section>
      ${
        findings.length > 0 &&
        table(
          [["Where", "keep"], "What", "Cure", ["Check", "mono"]],
          findings.map(({ where, what, cure, check }) => [html`<b>${where}</b>`, what, cure, mono(check)]),
        )
      }
      ${notes.map((note) => html`<p>${note}</p>`)}
    </section>`,
  );
}
