/** List and watch of one collection, as client-go's informers do it (await/informers/informer.go). */
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, type ApiClient, type WatchEvent } from "./client";
import { nameOf, stringAt, uidOf, type Gvk, type KubeObject } from "./objects";

export interface Collection {
  readonly gvk: Gvk;
  readonly namespace: string;
  readonly fieldSelector?: string;
}

/**
 * Tells `observe` what is there, and then each change, until `signal` is aborted. A watch that ends is taken up where it
 * was; one that is too old starts with a new list, and what went away meanwhile is told as deleted. After each list,
 * `listed` is told how many there are.
 */
export async function follow(
  client: ApiClient,
  { gvk, namespace, fieldSelector }: Collection,
  observe: (event: WatchEvent) => void,
  signal: AbortSignal,
  listed: (count: number) => unknown = () => undefined,
): Promise<void> {
  const known = new Map<string, KubeObject>();
  const told = (event: WatchEvent) => {
    const key = uidOf(event.object) || nameOf(event.object);
    if (event.type === "DELETED") known.delete(key);
    else known.set(key, event.object);
    observe(event);
  };
  let version: string | undefined;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        version = await relist(client, { gvk, namespace, fieldSelector }, known, told);
        listed(known.size);
      }
      let latest = version;
      await client.watch(
        gvk,
        namespace,
        { fieldSelector, resourceVersion: latest },
        (event) => {
          latest = version = stringAt(event.object, "metadata", "resourceVersion") || latest;
          told(event);
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.code !== 410 && error.code < 500 && error.code !== 429)
        throw error;
      version = undefined;
      await delay(500, undefined, { signal }).catch(() => undefined); // an API server that restarts is back in seconds
    }
  }
}

async function relist(
  client: ApiClient,
  { gvk, namespace, fieldSelector }: Collection,
  known: ReadonlyMap<string, KubeObject>,
  told: (event: WatchEvent) => void,
): Promise<string> {
  const { items, version } = await client.list(gvk, namespace, { fieldSelector });
  const present = new Set(items.map((item) => uidOf(item) || nameOf(item)));
  for (const [key, object] of [...known]) if (!present.has(key)) told({ type: "DELETED", object });
  for (const object of items) told({ type: "ADDED", object });
  return version;
}
