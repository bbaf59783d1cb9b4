/** A chart's values with the secrets at their places, by dotted paths as Helm's `--set` has them. */
export function chartValues(
  values: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const merged = structuredClone(values) as Record<string, unknown>;
  for (const [path, text] of Object.entries(secrets)) {
    const parts = path.split(".");
    const last = parts.pop() ?? "";
    let place = merged;
    for (const part of parts) {
      const inner = place[part];
      const mapping = inner !== null && typeof inner === "object" && !Array.isArray(inner) ? inner : {};
      place[part] = mapping;
      place = mapping as Record<string, unknown>;
    }
    place[last] = text;
  }
  return merged;
}
