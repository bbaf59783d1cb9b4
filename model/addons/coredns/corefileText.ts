/**
 * Why text cannot stand inside a server block of a Corefile, or undefined. It reads as Caddy's lexer does: words with white
 * space between, quotes around words, comments from a `#` at the start of a word to the end of the line.
 */
export function corefileProblem(source: string): string | undefined {
  let depth = 0;
  for (const line of linesOf(source)) {
    if (line === undefined) return "has a quote that is not closed";
    for (const [index, word] of line.entries()) {
      if (word.quoted) continue;
      if (word.text === "{") {
        if (index !== line.length - 1) return "has text after an opening brace";
        if (index === 0) return "has a block without a plugin before its brace";
        depth += 1;
      } else if (word.text === "}") {
        if (line.length > 1) return "has text next to a closing brace";
        depth -= 1;
        if (depth < 0) return "closes a brace that it did not open, which would end its server block";
      } else if (/[{}]/.test(word.text) && !/^\{[$%][A-Za-z0-9_]+%?\}$/.test(word.text)) {
        return `has a brace within the word ${word.text}`;
      } else if (depth === 0 && index === 0 && ["import", "bind"].includes(word.text)) {
        return `has ${word.text}, which reaches outside its server block`;
      }
    }
  }
  if (depth > 0) return "leaves a brace open";
  return source.trim() === "" ? "is empty" : undefined;
}

/** The plugins that text of a server block has, with their arguments; what stands inside their braces is left out. */
export function corefilePlugins(
  source: string,
): { readonly name: string; readonly args: readonly string[] }[] {
  let depth = 0;
  const found: { name: string; args: string[] }[] = [];
  for (const line of linesOf(source)) {
    const words = line ?? [];
    const [first] = words;
    if (depth === 0 && first !== undefined && first.text !== "}")
      found.push({
        name: first.text,
        args: words.slice(1).flatMap(({ text }) => (text === "{" ? [] : [text])),
      });
    for (const { text, quoted } of words) {
      if (!quoted && text === "{") depth += 1;
      if (!quoted && text === "}") depth -= 1;
    }
  }
  return found;
}

interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

/** The words of each line; undefined in place of a line with an open quote. */
function linesOf(source: string): (readonly Word[] | undefined)[] {
  return source.split(/\r?\n/).map((line) => {
    const words: Word[] = [];
    let rest = line.trimStart();
    while (rest !== "" && !rest.startsWith("#")) {
      const match = rest.startsWith('"') ? /^"((?:[^"\\]|\\.)*)"/.exec(rest) : /^\S+/.exec(rest);
      if (match === null) return undefined;
      words.push({ text: match[1] ?? match[0], quoted: match[1] !== undefined });
      rest = rest.slice(match[0].length).trimStart();
    }
    return words;
  });
}
