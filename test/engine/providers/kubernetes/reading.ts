/** The live state of an object, for a refresh, an import or a lookup (provider.go, Read). */
import { InitializationFailed, type ReadRequest, type ReadResult } from "../shared/provider";
import { plainObject, type Value } from "../shared/values";
import { NotReady, readAwaiterFor, readReady } from "./await";
import { checkpoint, parseCheckpoint, withSecrets } from "./checkpoint";
import { isNotFound, NoMatchError, type ApiClient } from "./client";
import { liveInputs, normalized } from "./inputs";
import { fieldManagerOf } from "./naming";
import {
  apiVersionOf,
  gvkOf,
  gvkOfType,
  namespaceOf,
  objectAt,
  parseId,
  stringAt,
  toDashed,
  toUnderscored,
  without,
  withMetadata,
  type KubeObject,
} from "./objects";

/** The answer that makes the engine take a resource out of its state. */
export const gone: ReadResult = { id: "", properties: {}, inputs: {} };

export async function readObject(client: ApiClient, request: ReadRequest): Promise<ReadResult> {
  const { namespace, name } = parseId(request.id);
  const stored = parseCheckpoint(request.properties);
  let applied = normalized(toDashed(plainObject(request.inputs)));
  // Nothing is known of an object that is imported or got: its inputs are what is found.
  const unknownObject = stringAt(applied, "kind") === "" && stringAt(stored.live, "kind") === "";
  if (stringAt(applied, "kind") === "") {
    const gvk = unknownObject ? gvkOfType(request.type) : gvkOf(stored.live);
    applied = {
      ...applied,
      apiVersion: apiVersionOf(gvk),
      kind: gvk.kind,
      metadata: { name, ...(namespace && { namespace }) },
    };
  }
  let live: KubeObject;
  let problem: NotReady | undefined;
  try {
    live = await client.get(gvkOf(applied), namespaceOf(applied), name);
    if (!unknownObject) {
      const awaiter = readAwaiterFor({ current: live, status: () => undefined }, applied);
      if (awaiter) await readReady(client, awaiter, live);
    }
  } catch (error) {
    if (isNotFound(error) || error instanceof NoMatchError) return gone;
    if (!(error instanceof NotReady)) throw error;
    problem = error;
    live = error.object;
  }
  const inputs = unknownObject
    ? withMetadata(normalized(without(live, "status")), "annotations", inputAnnotations(live))
    : liveInputs(live, applied);
  const state = {
    inputs,
    live,
    initialApiVersion: stored.initialApiVersion || stringAt(applied, "apiVersion"),
    fieldManager: fieldManagerOf(applied, stored.fieldManager),
  };
  const result: ReadResult = {
    id: request.id,
    properties: checkpoint(state, request.inputs),
    inputs: withSecrets(toUnderscored(inputs), request.inputs),
  };
  if (!problem) return result;
  throw new InitializationFailed(result.id, result.properties, result.inputs, [
    problem.message,
    ...problem.reasons,
  ]);
}

/** Annotations of an imported object that are inputs: those that controllers and kubectl write are none. */
function inputAnnotations(live: KubeObject): Value | undefined {
  const written = ["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"];
  const kept = Object.entries(objectAt(live, "metadata", "annotations")).filter(
    ([key]) => !written.includes(key),
  );
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
