import type { Finding } from "../../../documents/check";
import { nearest } from "../../issues";
import type { Path, Problems } from "../../problems";

/** Reports what a document's check found, below the setting that holds the document. */
export function report(base: Path, findings: readonly Finding[], problems: Problems): void {
  for (const { path, value, message, allowed, candidates, meant } of findings) {
    const last = path.at(-1);
    // Of an unknown key the key is what was misspelt, of a word the word.
    const word = message.includes("under a key") ? camelCase(String(last)) : String(value);
    const near = meant ?? (candidates === undefined ? undefined : nearest(word, candidates));
    problems.add([...base, ...path], value, message, {
      allowed,
      nearest: near,
    });
  }
}

/** `max-pods`, as the flag is called, in the spelling of configuration. */
function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
