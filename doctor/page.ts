import { html, Markup } from "../plan/html/markup";
import { STYLE } from "../plan/html/style";
import { mono, table } from "../plan/html/table";
import type { Diagnosis } from "./look";

/** One page for people, as the plan's: nothing is fetched, no script runs. */
export function page({ findings, looked }: Diagnosis, endpoint: string): string {
  const title = findings.length === 0 ? "Nothing found" : `${findings.length} found`;
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>Doctor of ${endpoint}</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <p class="eyebrow">Doctor</p>
          <h1>${endpoint}</h1>
          <p>
            ${title}. Looked at ${looked.hosts.join(", ") || "no host"}${looked.api ? " and the API" : ""}.
          </p>
        </header>
        <main>
          <section>
            ${
              findings.length > 0 &&
              table(
                [["Where", "keep"], "What", "Cure", ["Check", "mono"]],
                findings.map(({ where, what, cure, check }) => [
                  html`<b>${where}</b>`,
                  what,
                  cure,
                  mono(check),
                ]),
              )
            }
          </section>
        </main>
      </body>
    </html> `;
  return text;
}
