/** Where the entries of a list stood in the text, of lists that lost some. */
export const PLACES = new WeakMap<readonly unknown[], readonly number[]>();

/** Entries of a list with the index that they have in the text. */
export function entriesOf<T>(list: readonly T[] = []): [number, T][] {
  const places = PLACES.get(list);
  return list.map((entry, index) => [places?.[index] ?? index, entry]);
}
