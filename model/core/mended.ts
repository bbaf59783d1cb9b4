/**
 * The version that mends a fault; undefined where this one has it not.
 *
 * @param first by minor version, the first patch without the fault
 */
export function mendedVersion(version: string, first: Readonly<Record<string, number>>): string | undefined {
  const [major, minor, patch] = version.split(".");
  const mended = first[`${major}.${minor}`];
  return mended !== undefined && Number(patch) < mended ? `${major}.${minor}.${mended}` : undefined;
}
