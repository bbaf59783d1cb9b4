import { html, type Content, type Markup } from "./markup";

/** A column's title, and the classes of its cells. */
export type Column = string | readonly [title: string, classes: string];

const classesOf = (column: Column | undefined): string | false =>
  column !== undefined && typeof column !== "string" && column[1];

/** A table with a body that is made already. */
export function frame(columns: readonly Column[], body: Content): Markup {
  const head = columns.map((column) => {
    const [title, classes] = typeof column === "string" ? [column, ""] : column;
    return html`<th class="${classes.includes("number") && "number"}">${title}</th>`;
  });
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      ${body}
    </table>
  </div>`;
}

/** A cell of each column. */
export function cells(columns: readonly Column[], row: readonly Content[]): Markup[] {
  return row.map((cell, index) => html`<td class="${classesOf(columns[index])}">${cell}</td>`);
}

export function table(columns: readonly Column[], rows: readonly (readonly Content[])[]): Markup {
  return frame(
    columns,
    html`<tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${cells(columns, row)}
          </tr> `,
      )}
    </tbody>`,
  );
}

/** One entry to a line. */
export function lines(texts: readonly string[]): Markup[] {
  return texts.map((text) => html`${text}<br />`);
}

export function mono(text: string): Markup {
  return html`<span class="mono">${text}</span>`;
}
