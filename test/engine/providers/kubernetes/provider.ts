/** The calls of the engine, in the order of the original's methods (provider/provider.go). */
import {
  InitializationFailed,
  type CheckRequest,
  type CheckResult,
  type CreateRequest,
  type DeleteRequest,
  type DiffRequest,
  type DiffResult,
  type Engine,
  type ReadRequest,
  type ReadResult,
  type StandIn,
  type UpdateRequest,
} from "../shared/provider";
import { containsUnknown, plainObject, type Value, type Values } from "../shared/values";
import { NotReady } from "./await";
import { checkpoint, parseCheckpoint, withSecrets } from "./checkpoint";
import { ApiError, isAlreadyExists, isNotFound, NoMatchError } from "./client";
import { Cluster } from "./cluster";
import { configDiff } from "./configuration";
import { diffObject } from "./diffing";
import { normalized } from "./inputs";
import { autonamed, fieldManagerOf, isNamed, timeoutOf, usesGenerateName, withOldAutoname } from "./naming";
import {
  apiVersionOf,
  gvkOf,
  gvkOfType,
  idOf,
  isCrd,
  isPatchResource,
  nameOf,
  namespaceOf,
  parseId,
  pluck,
  stringAt,
  toDashed,
  toUnderscored,
  without,
  withMetadata,
  type KubeObject,
} from "./objects";
import {
  create,
  messageOf,
  NamespaceMissing,
  relinquish,
  remove,
  update,
  type Operation,
} from "./operations";
import { gone, readObject } from "./reading";
import { Releases } from "./release";
import { releaseType } from "./releaseState";

const removable =
  "you can remove this resource from Pulumi state by rerunning the operation with the " +
  'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"';

export class KubernetesStandIn implements StandIn {
  private cluster = Cluster.notConfigured();

  constructor(
    private readonly engine: Engine,
    readonly version: string,
  ) {}

  checkConfig({ news }: CheckRequest): Promise<CheckResult> {
    return Promise.resolve({ inputs: news });
  }

  diffConfig({ olds, news }: DiffRequest): Promise<DiffResult> {
    return Promise.resolve({ detailed: configDiff(olds, news) });
  }

  async configure(args: Values): Promise<void> {
    this.cluster = await Cluster.connect(plainObject(args));
  }

  cancel(): Promise<void> {
    this.cluster.cancel.abort();
    return Promise.resolve();
  }

  async check(request: CheckRequest): Promise<CheckResult> {
    if (this.cluster.unreachable !== undefined && this.cluster.options.skipUpdateUnreachable) {
      const message = "Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping...";
      await this.engine.log("warning", message, request);
      return { inputs: request.olds };
    }
    if (request.type === releaseType) return this.releases.check(request);
    const given = toDashed(plainObject(request.news));
    const old = toDashed(plainObject(request.olds));
    let inputs = normalized(given);
    if (isPatchResource(request.type, stringAt(inputs, "kind")) && !isNamed(inputs)) {
      throw new Error("patch resources require the `.metadata.name` field to be set");
    }
    inputs = Object.keys(old).length > 0 ? withOldAutoname(inputs, old) : autonamed(inputs, request.name);
    if (usesGenerateName(inputs)) {
      throw new Error("the `.metadata.generateName` field is not supported in Server-Side Apply mode");
    }
    if (
      inputs["metadata"] !== undefined &&
      namespaceOf(inputs) === "" &&
      !containsUnknown(pluckNamespace(inputs))
    ) {
      const namespaced = (await this.cluster.isNamespaced(gvkOfType(request.type))) ?? true;
      if (namespaced) inputs = withMetadata(inputs, "namespace", this.cluster.defaultNamespace);
    }
    if (isCrd(inputs)) this.cluster.rememberCrd(inputs);
    return { inputs: withSecrets(toUnderscored(inputs), request.news) };
  }

  diff(request: DiffRequest): DiffResult | Promise<DiffResult> {
    if (request.type === releaseType) return this.releases.diff(request);
    return diffObject(this.cluster, request);
  }

  async create(request: CreateRequest): Promise<{ id: string; properties: Values }> {
    if (request.type === releaseType) return this.releases.create(request);
    const { preview, properties } = request;
    if (!preview) this.assertReachable();
    const inputs = toDashed(plainObject(properties));
    const isPatch = isPatchResource(request.type, stringAt(inputs, "kind"));
    const asGiven = { id: "", properties };
    if (preview && (containsUnknown(inputs) || isPatch || !(await this.cluster.serves(gvkOf(inputs))))) {
      return asGiven;
    }
    const fieldManager = fieldManagerOf(inputs, "");
    const initialApiVersion = stringAt(inputs, "apiVersion");
    const stateOf = (live: KubeObject) =>
      checkpoint({ inputs, live, initialApiVersion, fieldManager }, properties);
    try {
      const made = await create(this.operation(request, inputs, fieldManager, isPatch, preview));
      if (isCrd(inputs) && !preview) this.cluster.client.forget();
      return preview
        ? { id: "", properties: stateOf(without(made, "status")) }
        : { id: idOf(made), properties: stateOf(made) };
    } catch (error) {
      if (preview && couldNotPreview(error)) return asGiven;
      if (error instanceof NoMatchError) {
        const { kind, ...version } = gvkOfType(request.type);
        throw new Error(
          `creation of resource "${request.urn}" with kind ${apiVersionOf({ kind, ...version })}/${kind} failed because ` +
            "the Kubernetes API server reported that the apiVersion for this resource does not exist. " +
            `Verify that any required CRDs have been created: ${error.message}`,
        );
      }
      if (!(error instanceof NotReady)) {
        throw new Error(
          `resource "${request.urn}" was not successfully created by the Kubernetes API server: ${messageOf(error)}`,
        );
      }
      const message =
        `resource "${request.urn}" was successfully created, but the Kubernetes API server ` +
        `reported that it failed to fully initialize or become live: ${error.message}`;
      throw new InitializationFailed(idOf(error.object), stateOf(error.object), properties, [
        message,
        ...error.reasons,
      ]);
    }
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    const { unreachable, options } = this.cluster;
    if (unreachable === undefined && request.type === releaseType) return this.releases.read(request);
    if (unreachable === undefined) return readObject(this.cluster.client, request);
    await this.tellUnreachable(request.urn);
    if (options.deleteUnreachable) {
      await this.tellDropped(request.urn);
      return gone;
    }
    if (options.skipUpdateUnreachable) return request;
    throw new Error(
      `failed to read resource state due to unreachable cluster. If the cluster was deleted, ${removable}`,
    );
  }

  async update(request: UpdateRequest): Promise<Values> {
    if (request.type === releaseType) return this.releases.update(request);
    const { preview } = request;
    if (!preview) this.assertReachable();
    const inputs = normalized(toDashed(plainObject(request.news)));
    if (preview && (containsUnknown(inputs) || !(await this.cluster.serves(gvkOf(inputs)))))
      return request.news;
    const stored = parseCheckpoint(request.olds);
    const isPatch = isPatchResource(request.type, stringAt(inputs, "kind"));
    const oldManager = fieldManagerOf(normalized(stored.inputs), stored.fieldManager);
    const fieldManager = fieldManagerOf(inputs, stored.fieldManager || oldManager);
    const initialApiVersion = stored.initialApiVersion || stringAt(stored.inputs, "apiVersion");
    const stateOf = (live: KubeObject) =>
      checkpoint({ inputs, live, initialApiVersion, fieldManager }, request.news);
    const { client } = this.cluster;
    try {
      const operation = this.operation(request, inputs, fieldManager, isPatch, preview);
      const updated = await update(operation, nameOf(stored.live), request.ignoreChanges);
      if (!preview && oldManager !== fieldManager) await relinquish(client, updated, oldManager);
      return stateOf(updated);
    } catch (error) {
      if (preview && error instanceof ApiError && error.code === 403) return request.news;
      if (error instanceof NoMatchError) {
        throw new Error(
          `update of resource "${request.urn}" failed because the Kubernetes API server reported that the apiVersion for ` +
            `this resource does not exist. Verify that any required CRDs have been created: ${error.message}`,
        );
      }
      let live: KubeObject;
      try {
        live = await client.get(gvkOf(stored.live), namespaceOf(stored.live), nameOf(stored.live));
      } catch (unreadable) {
        throw new Error(
          `update of resource "${request.urn}" failed: ${messageOf(error)}\nunable to get cluster state: ${messageOf(unreadable)}`,
        );
      }
      const id = idOf(live);
      const message = `the Kubernetes API server reported that "${id}" failed to fully initialize or become live: ${messageOf(error)}`;
      const reasons = error instanceof NotReady ? error.reasons : [];
      throw new InitializationFailed(id, stateOf(live), request.news, [message, ...reasons]);
    }
  }

  async delete(request: DeleteRequest): Promise<void> {
    if (this.cluster.unreachable !== undefined) {
      await this.tellUnreachable(request.urn);
      if (this.cluster.options.deleteUnreachable) return this.tellDropped(request.urn);
      throw new Error(
        `configured Kubernetes cluster is unreachable. If the cluster was deleted, ${removable}`,
      );
    }
    if (request.type === releaseType) return this.releases.delete(request);
    const stored = parseCheckpoint(request.properties);
    const isPatch = isPatchResource(request.type, stringAt(stored.live, "kind"));
    const fieldManager = fieldManagerOf(stored.inputs, stored.fieldManager);
    const operation = this.operation(request, stored.inputs, fieldManager, isPatch, false);
    try {
      await remove(operation, stored.live, parseId(request.id).name);
    } catch (error) {
      if (error instanceof NoMatchError) return; // its CRD is gone, and all objects with it
      if (isPatch && error instanceof ApiError && isNotFound(error)) throw error;
      if (
        isPatch &&
        error instanceof ApiError &&
        error.reason === "Invalid" &&
        error.message.includes("Required value")
      ) {
        throw new Error(
          "this Patch resource is currently managing a required field, so it can't be deleted directly. Either set the " +
            `\`retainOnDelete\` resource option, or transfer ownership of the field before deleting: ${error.message}`,
        );
      }
      if (!(error instanceof NotReady)) throw error;
      const state = checkpoint(
        { ...stored, inputs: stored.live, live: error.object, fieldManager },
        request.properties,
      );
      throw new InitializationFailed(idOf(error.object), state, request.oldInputs, [
        error.message,
        ...error.reasons,
      ]);
    }
  }

  private get releases(): Releases {
    return new Releases(this.engine, this.cluster);
  }

  private operation(
    request: { urn: string; timeout: number },
    inputs: KubeObject,
    fieldManager: string,
    isPatch: boolean,
    preview: boolean,
  ): Operation {
    const { client, options, cancel } = this.cluster;
    return {
      client,
      inputs,
      fieldManager,
      isPatch,
      preview,
      timeoutSeconds: timeoutOf(request.timeout, inputs),
      enablePatchForce: options.enablePatchForce,
      upsertExistingObjects: options.upsertExistingObjects,
      cancelled: cancel.signal,
      warn: (message) => this.engine.log("warning", message, { urn: request.urn }),
      status: (severity, message) =>
        void this.engine.log(severity, message, { urn: request.urn, ephemeral: true }),
    };
  }

  private assertReachable(): void {
    if (this.cluster.unreachable === undefined) return;
    throw new Error(`configured Kubernetes cluster is unreachable: ${this.cluster.unreachable}`);
  }

  private tellUnreachable(urn: string): Promise<void> {
    return this.engine.log(
      "warning",
      `configured Kubernetes cluster is unreachable: ${this.cluster.unreachable}`,
      { urn },
    );
  }

  private tellDropped(urn: string): Promise<void> {
    const message =
      "configured Kubernetes cluster is unreachable and the `deleteUnreachable` option is enabled. " +
      "Deleting the unreachable resource from Pulumi state";
    return this.engine.log("info", message, { urn });
  }
}

const pluckNamespace = (object: KubeObject): Value | undefined => pluck(object, "metadata", "namespace");

/** What the server cannot tell of a creation that has not happened is no failure of its preview. */
function couldNotPreview(error: unknown): boolean {
  if (error instanceof NamespaceMissing || isAlreadyExists(error)) return true;
  if (!(error instanceof ApiError)) return false;
  return error.code === 403 || (error.code === 400 && error.message.includes("does not support dry run"));
}
