/** Waiting until an object is ready: what every kind's wait has in common (await/await.go, await/error.go). */
import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient, WatchEvent } from "../client";
import { follow, type Collection } from "../follow";
import { apiVersionOf, gvkOf, nameOf, namespaceOf, type Gvk, type KubeObject } from "../objects";

export interface Subject {
  /** The object as the create or update call returned it. */
  readonly current: KubeObject;
  /** The object before an update; undefined for a create. */
  readonly last?: KubeObject;
  readonly status: (severity: "info" | "warning", message: string) => void;
}

/** One wait for one object. Events of every kind in `watches` are told to `observe`; then `done` is asked. */
export interface Awaiter {
  /** Kinds followed in the object's namespace; the first is the object's own. */
  readonly watches: readonly Gvk[];
  /** The object as it was seen last. */
  object(): KubeObject;
  observe(event: WatchEvent, kind: string): void;
  done(): boolean;
  /** What stands in the way, for the error. */
  reasons(): string[];
  /** Seconds after an event of this kind at which `settled` is called, where the wait has to see that no more come. */
  settling?(kind: string, event: WatchEvent): number | undefined;
  settled?(): void;
  /** Seconds after which `quiet` is called once, whatever came. */
  readonly quietAfter?: number;
  quiet?(): void;
  /** A last look at the time-out: some waits take a state then which they would not before. */
  acceptable?(): boolean;
  /** Seconds, where the kind has a time-out of its own that no setting moves. */
  readonly fixedTimeout?: number;
  readonly timeoutMessage?: (name: string) => string;
}

/** The object is there, but did not become ready. */
export class NotReady extends Error {
  constructor(
    message: string,
    readonly object: KubeObject,
    readonly reasons: readonly string[],
  ) {
    super(message);
  }
}

export async function awaitReady(
  client: ApiClient,
  awaiter: Awaiter,
  subject: KubeObject,
  timeoutSeconds: number,
  cancelled: AbortSignal,
): Promise<KubeObject> {
  const stop = new AbortController();
  const name = nameOf(subject);
  const signal = stop.signal;
  try {
    return await new Promise<KubeObject>((resolve, reject) => {
      const check = () => {
        if (awaiter.done()) resolve(awaiter.object());
      };
      const later = (seconds: number, act: () => void) => {
        delay(seconds * 1000, undefined, { signal }).then(act, () => undefined);
      };
      const giveUp = (message: string) => {
        if (awaiter.acceptable?.()) resolve(awaiter.object());
        else reject(new NotReady(message, awaiter.object(), awaiter.reasons()));
      };
      later(awaiter.fixedTimeout ?? timeoutSeconds, () =>
        giveUp(awaiter.timeoutMessage?.(name) ?? `'${name}' timed out waiting to be Ready`),
      );
      cancelled.addEventListener("abort", () => giveUp(`Resource operation was cancelled for "${name}"`), {
        signal,
      });
      if (awaiter.quietAfter !== undefined) {
        later(awaiter.quietAfter, () => {
          awaiter.quiet?.();
          check();
        });
      }
      const observe = (kind: string) => (event: WatchEvent) => {
        awaiter.observe(event, kind);
        const seconds = awaiter.settling?.(kind, event);
        if (seconds !== undefined) {
          later(seconds, () => {
            awaiter.settled?.();
            check();
          });
        }
        check();
      };
      check();
      awaiter.watches.forEach((gvk, index) => {
        // Only the object itself must be readable; what is around it helps to explain, as in the original's informers.
        follow(client, collectionOf(gvk, subject, index === 0), observe(gvk.kind), signal).catch(
          (error: unknown) => {
            if (index === 0) reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
      });
    });
  } finally {
    stop.abort();
  }
}

/** The same look at one moment, for a refresh: throws NotReady where the object is not as it should be. */
export async function readReady(client: ApiClient, awaiter: Awaiter, subject: KubeObject): Promise<void> {
  for (const [index, gvk] of awaiter.watches.entries()) {
    const collection = collectionOf(gvk, subject, index === 0);
    const { items } = await client
      .list(gvk, collection.namespace, { fieldSelector: collection.fieldSelector })
      .catch((error: unknown) => {
        if (index === 0) throw error;
        return { items: [] };
      });
    for (const object of items) awaiter.observe({ type: "ADDED", object }, gvk.kind);
  }
  awaiter.settled?.();
  if (awaiter.done()) return;
  throw new NotReady(
    `Resource '${nameOf(subject)}' was created but failed to initialize`,
    awaiter.object(),
    awaiter.reasons(),
  );
}

function collectionOf(gvk: Gvk, subject: KubeObject, own: boolean): Collection {
  const fieldSelector = own ? `metadata.name=${nameOf(subject)}` : undefined;
  return { gvk, namespace: namespaceOf(subject), fieldSelector };
}

export const ownKind = (subject: KubeObject): Gvk => gvkOf(subject);
export const kindKey = (gvk: Gvk): string => `${apiVersionOf(gvk)}/${gvk.kind}`;
