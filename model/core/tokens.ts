/** Tokens, as `${issuer}`: they stand for values that are not known yet. */

export function isToken(text: string): boolean {
  return text.startsWith("${");
}

/** A copy of plain data in which every text is changed; keys stay as they are. */
export function mapTexts<T>(given: T, change: (text: string) => string): T {
  const mapped = (value: unknown): unknown => {
    if (typeof value === "string") return change(value);
    if (Array.isArray(value)) return value.map(mapped);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapped(one)]));
  };
  return mapped(given) as T;
}
