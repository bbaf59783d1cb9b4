/** Writes the table of scripts/settings/effects.ts into docs/replacement.md. */
import { effectsPage, EFFECTS_PAGE } from "../../scripts/settings/effectsPage";
import { formatted, read, write } from "../../scripts/settings/content";

async function main(): Promise<void> {
  write(EFFECTS_PAGE, await formatted(EFFECTS_PAGE, effectsPage(read(EFFECTS_PAGE))));
}

void main();
