/** Hosts that one step talks to at the same time: sshd of a bastion has 1,024 file descriptors, and a dial 15 seconds. */
export const HOSTS_AT_ONCE = 200;

/** Like `Promise.all` of `items.map(work)`, with no more than `limit` under way. */
export async function atOnce<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  limit = HOSTS_AT_ONCE,
): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
