import * as fs from "node:fs";
import * as path from "node:path";
import type { FormatOptions } from "oxfmt" with { "resolution-mode": "import" };

const OPTIONS = path.resolve(__dirname, "../.oxfmtrc.json");

/** A text as `npm run format` leaves it in a file of this name. */
export async function formatted(file: string, text: string): Promise<string> {
  const { format } = await import("oxfmt");
  const options = JSON.parse(fs.readFileSync(OPTIONS, "utf8")) as FormatOptions;
  const { code, errors } = await format(path.basename(file), text, options);
  if (errors.length > 0) throw new Error(`${file}: ${errors.map(({ message }) => message).join("; ")}`);
  return code;
}
