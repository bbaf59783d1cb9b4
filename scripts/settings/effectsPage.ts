/** docs/replacement.md: people's words around the table of effects. */
import { effectsTable } from "./effects";
import { formatted } from "./files";

export const EFFECTS_PAGE = "docs/replacement.md";

/** The page with the table as it is now. */
export function effectsPage(text: string): Promise<string> {
  const table = `<!-- effects -->\n\n${effectsTable()}\n<!-- end of effects -->`;
  return formatted(
    EFFECTS_PAGE,
    text.replace(/<!-- effects -->[^]*<!-- end of effects -->/, () => table),
  );
}
