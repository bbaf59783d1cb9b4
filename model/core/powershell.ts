/** Text that goes into PowerShell scripts. */

/** A single-quoted string, in which PowerShell expands nothing. Throws on NUL and line breaks: those are `psText`'s. */
export function ps(value: string): string {
  if (/[\0\r\n]/.test(value)) throw new RangeError("a PowerShell word cannot hold NUL or a line break");
  // Typographic quotes end a string as well (PowerShell language specification 2.3.5.2).
  return `'${value.replace(/['\u2018\u2019\u201a\u201b]/g, "$&$&")}'`;
}

/** A string of one line or more. */
export function psString(value: string): string {
  return value.includes("\n") ? psText(value) : ps(value);
}

/** A list of strings. */
export function psList(values: readonly string[]): string {
  return `@(${values.map(psString).join(", ")})`;
}

/**
 * A single-quoted here-string: its text byte for byte, without the last line break. A line in it that begins with its end
 * would close it, so such a text is refused.
 */
export function psText(text: string): string {
  if (/^['\u2018\u2019\u201a\u201b]@/m.test(text)) {
    throw new RangeError("a line begins with the end of a here-string");
  }
  return `@'\n${text.replace(/\n$/, "")}\n'@`;
}
