/** Create, update and delete against the API server, each until it has taken effect (await/await.go, ssa/actions.go). */
import { setTimeout as delay } from "node:timers/promises";
import { awaiterFor, awaitReady, NotReady, type Subject } from "./await";
import {
  ApiError,
  applyPatch,
  isAlreadyExists,
  isNotFound,
  jsonPatch,
  NoMatchError,
  objectPath,
  type ApiClient,
} from "./client";
import { follow } from "./follow";
import { mayLeaveDeletionAlone } from "./kinds";
import { creator, forces, takeOver, withIgnoredFields } from "./managedFields";
import { annotations, deletionPropagation } from "./naming";
import {
  gvkOf,
  hasAnnotation,
  isCrd,
  listAt,
  nameOf,
  namespaceOf,
  pluck,
  stringAt,
  withMetadata,
  type KubeObject,
} from "./objects";

export interface Operation {
  readonly client: ApiClient;
  readonly inputs: KubeObject;
  readonly fieldManager: string;
  readonly isPatch: boolean;
  readonly preview: boolean;
  readonly timeoutSeconds: number;
  readonly enablePatchForce: boolean;
  readonly upsertExistingObjects: boolean;
  readonly cancelled: AbortSignal;
  /** Shown while the operation lasts. */
  readonly status: (severity: "info" | "warning", message: string) => void;
  /** Kept among the diagnostics. */
  readonly warn: (message: string) => Promise<void>;
}

/** The namespace of an object to be created is not there yet: its preview cannot be asked of the server. */
export class NamespaceMissing extends Error {}

const retries = 5;

/** Tries again where the namespace or the kind may still come, after 1, 2, 4, 8 and 16 seconds (retry.go). */
export async function create(operation: Operation): Promise<KubeObject> {
  let created: KubeObject | undefined;
  for (let attempt = 0; !created; attempt++) {
    try {
      created = await createOnce(operation);
    } catch (error) {
      if (operation.preview && isNamespaceMissing(error)) {
        throw new NamespaceMissing(`namespace does not exist for "${nameOf(operation.inputs)}"`);
      }
      operation.status("info", `Retry #${attempt}; creation failed: ${messageOf(error)}`);
      if (!(isNotFound(error) || error instanceof NoMatchError) || attempt >= retries) throw explained(error);
      await delay(1000 * 2 ** attempt, undefined, { signal: operation.cancelled });
    }
  }
  return operation.preview ? created : untilReady(operation, { current: created, status: operation.status });
}

async function createOnce(operation: Operation): Promise<KubeObject> {
  const { client, inputs, preview } = operation;
  if (operation.upsertExistingObjects || operation.isPatch) return apply(operation, inputs, undefined);
  return client.request("POST", await pathOf(client, inputs, false), {
    // The name of a creator without server-side apply: the first update gives its fields to the resource's own manager.
    query: { fieldManager: creator, dryRun: preview ? "All" : undefined },
    body: inputs,
  });
}

/** Server-side apply; a conflict tells who has which field. */
async function apply(
  operation: Operation,
  inputs: KubeObject,
  live: KubeObject | undefined,
): Promise<KubeObject> {
  const asked = hasAnnotation(inputs, annotations.patchForce) || operation.enablePatchForce;
  const force = forces(live, operation.preview, asked);
  try {
    return await operation.client.request("PATCH", await pathOf(operation.client, inputs), {
      query: {
        fieldManager: operation.fieldManager,
        force: String(force),
        dryRun: operation.preview ? "All" : undefined,
      },
      body: inputs,
      contentType: applyPatch,
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== "Conflict") throw error;
    const link =
      "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/" +
      "managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources";
    throw new Error(
      `server-side apply field conflict detected, see ${link} for troubleshooting help\n` +
        `The resource managed by field manager "${operation.fieldManager}" had an apply conflict: ${error.message}`,
      { cause: error },
    );
  }
}

export async function update(
  operation: Operation,
  oldName: string,
  ignored: readonly string[],
): Promise<KubeObject> {
  const { client, inputs, preview } = operation;
  const last = await client.get(gvkOf(inputs), namespaceOf(inputs), oldName);
  const current = isCrd(inputs)
    ? await replaceCrd(operation, last)
    : await applyUpdate(operation, last, ignored);
  return preview ? current : untilReady(operation, { current, last, status: operation.status });
}

/** A CRD is put, not applied: it changes at once and its objects stay. */
async function replaceCrd(
  { client, inputs, fieldManager, preview }: Operation,
  last: KubeObject,
): Promise<KubeObject> {
  return client.request("PUT", await pathOf(client, inputs), {
    query: { fieldManager, dryRun: preview ? "All" : undefined },
    body: withMetadata(inputs, "resourceVersion", stringAt(last, "metadata", "resourceVersion")),
  });
}

async function applyUpdate(
  operation: Operation,
  last: KubeObject,
  ignored: readonly string[],
): Promise<KubeObject> {
  const { client, inputs, fieldManager } = operation;
  const patch = operation.isPatch || operation.preview ? undefined : takeOver(last, fieldManager);
  const live = patch
    ? await client.request("PATCH", await pathOf(client, inputs), { body: patch, contentType: jsonPatch })
    : last;
  return apply(operation, withIgnoredFields(inputs, live, ignored, fieldManager), live);
}

async function untilReady(operation: Operation, subject: Subject): Promise<KubeObject> {
  const awaiter = awaiterFor(subject, operation.inputs);
  if (!awaiter) return subject.current;
  const events = new AbortController();
  // Warnings about the object are shown while it is waited for (watchers.go, NewEventAggregator).
  follow(
    operation.client,
    {
      gvk: { group: "", version: "v1", kind: "Event" },
      namespace: namespaceOf(subject.current),
      fieldSelector: `involvedObject.uid=${stringAt(subject.current, "metadata", "uid")}`,
    },
    ({ object }) => {
      if (object["type"] !== "Warning") return;
      operation.status("warning", `${stringAt(object, "reason")}: ${stringAt(object, "message")}`);
    },
    events.signal,
  ).catch(() => undefined);
  try {
    const { client, timeoutSeconds, cancelled } = operation;
    return await awaitReady(client, awaiter, subject.current, timeoutSeconds, cancelled);
  } finally {
    events.abort();
  }
}

/** Takes the object away and waits until it is gone; what is not there is gone. A Patch resource only lets go of its fields. */
export async function remove(operation: Operation, live: KubeObject, name: string): Promise<void> {
  const { client, inputs } = operation;
  if (operation.isPatch) return relinquish(client, live, operation.fieldManager);
  const gvk = gvkOf(live);
  const path = objectPath(await client.kind(gvk), namespaceOf(live), name);
  try {
    await client.request("DELETE", path, { body: { propagationPolicy: deletionPropagation(inputs) } });
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  if (hasAnnotation(inputs, annotations.skipAwait) && mayLeaveDeletionAlone(gvkOf(inputs))) return;
  await untilGone(operation, live, name);
}

async function untilGone(
  { client, timeoutSeconds, cancelled, warn }: Operation,
  live: KubeObject,
  name: string,
): Promise<void> {
  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(timeoutSeconds * 1000)]);
  const stop = new AbortController();
  let latest = live;
  try {
    await new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        const finalizers = listAt(latest, "metadata", "finalizers").map(String).join(", ");
        const timedOut = new NotReady("timed out waiting for the condition", latest, []);
        warn(`finalizers might be preventing deletion (${finalizers})`).then(() => reject(timedOut), reject);
      };
      signal.addEventListener("abort", giveUp, { signal: stop.signal });
      const fieldSelector = `metadata.name=${name}`;
      follow(
        client,
        { gvk: gvkOf(live), namespace: namespaceOf(live), fieldSelector },
        ({ type, object }) => {
          if (type === "DELETED") resolve();
          else latest = object;
        },
        stop.signal,
        (count) => count === 0 && resolve(),
      ).catch((error: unknown) => {
        if (isNotFound(error)) resolve();
        else reject(error instanceof Error ? error : new Error(String(error)));
      });
    });
  } finally {
    stop.abort();
  }
}

/** An apply of nothing but the object's identity: the manager has no fields any more (ssa.Relinquish). */
export async function relinquish(client: ApiClient, object: KubeObject, fieldManager: string): Promise<void> {
  const namespace = namespaceOf(object);
  const body = {
    apiVersion: object["apiVersion"] ?? "",
    kind: object["kind"] ?? "",
    metadata: { name: nameOf(object), ...(namespace === "" ? {} : { namespace }) },
  };
  await client.request("PATCH", await pathOf(client, object), {
    query: { fieldManager },
    body,
    contentType: applyPatch,
  });
}

async function pathOf(client: ApiClient, object: KubeObject, named = true): Promise<string> {
  const kind = await client.kind(gvkOf(object));
  return objectPath(kind, namespaceOf(object), named ? nameOf(object) : undefined);
}

function isNamespaceMissing(error: unknown): boolean {
  return isNotFound(error) && pluck((error as ApiError).status, "details", "kind") === "namespaces";
}

function explained(error: unknown): unknown {
  if (!isAlreadyExists(error)) return error;
  const advice = `${messageOf(error)}

The resource already exists in the cluster. This can happen when:

  - Renaming a Pulumi resource: use an alias to preserve the identity,
    or use deleteBeforeReplace if the resource needs replacement.
  - Managing an existing resource: use a Patch resource (e.g. NamespacePatch)
    to manage specific fields without owning the resource lifecycle.
  - Adopting a resource into Pulumi: use \`pulumi import\`. Note that
    protected resources (e.g. kube-system) cannot be deleted on destroy.
  - Intentional upsert: set upsertExistingObjects on the provider to allow
    server-side apply to update existing objects on create.`;
  return new ApiError(409, { ...(error as ApiError).status, message: advice });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
