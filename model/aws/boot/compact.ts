/** Start of a here-document, but not `<<<`. */
const HEREDOC = /(?<!<)<<-?(['"]?)([A-Za-z_]\w*)\1/g;

/**
 * A script without its lines of comment and blank lines, which user data has no room for: the same commands. What is in
 * here-documents is somebody's file, and stays to the byte; so does a first line that names an interpreter.
 */
export function compact(script: string): string {
  const waiting: string[] = [];
  const kept = script.split("\n").filter((line, index) => {
    const [end] = waiting;
    if (end !== undefined) {
      if (line === end) waiting.shift();
      return true;
    }
    if (/^\s*#/.test(line)) return index === 0 && line.startsWith("#!");
    for (const [, , word] of line.matchAll(HEREDOC)) if (word !== undefined) waiting.push(word);
    return line.trim() !== "";
  });
  return `${kept.join("\n")}\n`;
}
