import { html, type Markup } from "./markup";

/** Average width of a letter in px at a font size of 1 px; the page's fonts differ, so texts get a little room. */
const LETTER = 0.57;
const STRONG_LETTER = 0.66;

export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Text cut to what fits into so many px. */
function fitted(text: string, width: number, size: number, letter = LETTER): string {
  const most = Math.max(1, Math.floor(width / (size * letter)));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Text broken at spaces into lines that fit. */
export function wrapped(text: string, width: number, size: number): string[] {
  const most = Math.max(1, Math.floor(width / (size * LETTER)));
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A drawing that grows downwards; all lengths are in px of its width. */
export class Canvas {
  private readonly shapes: Markup[] = [];

  constructor(
    readonly width: number,
    /** Boxes in a row where there is room. */
    readonly columns: number,
  ) {}

  rect(frame: Frame, classes: string, radius = 8): void {
    const { x, y, width, height } = frame;
    this.shapes.push(
      html`<rect class="${classes}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" />`,
    );
  }

  text(
    x: number,
    y: number,
    text: string,
    options: { classes?: string; size?: number; width?: number } = {},
  ): void {
    const size = options.size ?? 13;
    const letter = options.classes === "strong" ? STRONG_LETTER : LETTER;
    const shown = options.width === undefined ? text : fitted(text, options.width, size, letter);
    this.shapes.push(
      html`<text x="${x}" y="${y}" font-size="${size}" class="${options.classes ?? ""}">${shown}</text>`,
    );
  }

  /** A line from one height to another with a tip at its end, and text next to it. */
  arrow(x: number, from: number, to: number, label: string): void {
    const down = to > from;
    const tip = down ? -7 : 7;
    this.shapes.push(html`<path class="wire" d="M${x} ${from}V${to}" />`);
    this.shapes.push(html`<path class="tip" d="M${x} ${to}l-4 ${tip}h8z" />`);
    const lines = wrapped(label, this.width - x - 28, 12).slice(0, 2);
    const middle = (from + to) / 2 + 4 - 7 * (lines.length - 1);
    lines.forEach((line, index) =>
      this.text(x + 12, middle + 14 * index, line, {
        classes: "muted",
        size: 12,
        width: this.width - x - 24,
      }),
    );
  }

  /** Shapes that are drawn first lie below: `behind` puts a shape under everything so far. */
  behind(draw: (canvas: Canvas) => void): void {
    const below = new Canvas(this.width, this.columns);
    draw(below);
    this.shapes.unshift(...below.shapes);
  }

  svg(height: number, classes: string, title: string): Markup {
    return html`<svg
      class="${classes}"
      viewBox="0 0 ${this.width} ${height}"
      role="img"
      aria-label="${title}"
    >
      ${this.shapes}
    </svg>`;
  }
}
