/** docs/replacement.md: people's words around the table of effects. */
import { effectsTable } from "./effects";

export const EFFECTS_PAGE = "docs/replacement.md";

/** The page with the table as it is now; not formatted. */
export function effectsPage(text: string): string {
  const table = `<!-- effects -->\n\n${effectsTable()}\n<!-- end of effects -->`;
  return text.replace(/<!-- effects -->[^]*<!-- end of effects -->/, () => table);
}
