/** Text that goes into scripts and configuration files of a host, and into reports. */
import { closest, distance } from "fastest-levenshtein";

/** One word of a POSIX shell, whatever is in it. Throws on NUL, which no shell can hold. */
export function sh(value: string): string {
  if (value.includes("\0")) throw new RangeError("a shell word cannot hold a NUL character");
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/**
 * Bash that runs a script given as one word. Where its standard input is a socket, as sshd's are, bash takes itself for a remote shell and
 * reads root's `.bashrc` first (bash(1), INVOCATION), whose output or end would be the script's.
 */
export function bashCommand(script: string): string {
  return `/bin/bash --norc -c ${sh(script)}`;
}

/** The same with a script from standard input, which is read whole before it runs: nothing in it may take the rest for its own input. */
export const BASH_WHOLE_SCRIPT = '/bin/bash --norc -c "$(cat)" </dev/null';

/** Words of a shell with a blank between them. */
export function shWords(values: readonly string[]): string {
  return values.map(sh).join(" ");
}

/**
 * A quoted here-document, `<<'END'` with its content and end, which a command reads on standard input byte for byte.
 * The delimiter is one that the content has no line of. Content must end in a newline, or be empty.
 */
export function heredoc(content: string): string {
  if (content.includes("\0")) throw new RangeError("a here-document cannot hold a NUL character");
  if (content !== "" && !content.endsWith("\n")) {
    throw new RangeError("content of a here-document must end in a newline");
  }
  const lines = new Set(content.split("\n"));
  let delimiter = "END_OF_FILE";
  for (let counter = 2; lines.has(delimiter); counter += 1) delimiter = `END_OF_FILE_${counter}`;
  return `<<'${delimiter}'\n${content}${delimiter}\n`;
}

/** A TOML basic string; JSON's escapes are TOML's (toml.io v1.0.0, String), but for DEL, which JSON leaves bare. */
export function tomlString(value: string): string {
  return JSON.stringify(value).replaceAll("\u007f", "\\u007f");
}

/** The nearest word, if it is near: at most a third of its letters differ. */
export function nearest(word: string, valid: readonly string[]): string | undefined {
  if (valid.length === 0) return undefined;
  const best = closest(
    word.toLowerCase(),
    valid.map((candidate) => candidate.toLowerCase()),
  );
  const found = valid.find((candidate) => candidate.toLowerCase() === best);
  if (found === undefined) return undefined;
  return distance(word.toLowerCase(), best) <= Math.max(1, Math.floor(best.length / 3)) ? found : undefined;
}
