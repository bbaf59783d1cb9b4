import { getCallbacks } from "@pulumi/pulumi/runtime/settings";
import * as state from "@pulumi/pulumi/runtime/state";
import * as proto from "@pulumi/pulumi/proto/resource_pb";

/** What the SDK hands to the engine for a transform (@pulumi/pulumi/proto/callback_pb). */
interface Callback {
  getToken(): string;
}

type Run = (request: Uint8Array) => Promise<proto.TransformResponse>;

/**
 * Applies `transforms` of resources, of their parents and of the stack, as the engine does before it asks a provider
 * (pulumi, pkg/resource/deploy/source_eval.go, RegisterResource): a resource's first, then each parent's, the stack's last.
 * Pulumi's mocks refuse them, so this calls the functions the SDK keeps for the engine.
 */
export class Transforms {
  private readonly byUrn = new Map<string, { readonly parent: string; readonly tokens: readonly string[] }>();
  private readonly ofStack: string[] = [];

  /** To be called after `setMocks`, which switches them off. */
  allow(): void {
    (state as unknown as { getStore(): { supportsTransforms: boolean } }).getStore().supportsTransforms =
      true;
  }

  /** What the SDK calls on the engine for `pulumi.runtime.registerResourceTransform`. */
  addToStack(callback: Callback): void {
    this.ofStack.push(callback.getToken());
  }

  /** Changes the request as the transforms say. */
  async apply(request: proto.RegisterResourceRequest, urn: string): Promise<void> {
    const parent = request.getParent();
    const tokens = request.getTransformsList().map((callback) => callback.getToken());
    this.byUrn.set(urn, { parent, tokens });
    for (const token of [...tokens, ...this.ofParents(parent), ...this.ofStack]) {
      const run = functions().get(token);
      if (run === undefined) throw new Error(`the SDK has no transform ${token}`);
      write(await run(read(request).serializeBinary()), request);
    }
  }

  private ofParents(parent: string): string[] {
    const found = this.byUrn.get(parent);
    return found === undefined ? [] : [...found.tokens, ...this.ofParents(found.parent)];
  }
}

/** An internal of the SDK; `test/component/recorder.test.ts` fails when it changes. */
function functions(): ReadonlyMap<string, Run> {
  return (getCallbacks() as unknown as { readonly _callbacks: ReadonlyMap<string, Run> })._callbacks;
}

function read(request: proto.RegisterResourceRequest): proto.TransformRequest {
  const options = new proto.TransformResourceOptions()
    .setDependsOnList(request.getDependenciesList())
    .setProtect(request.getProtect() ?? false)
    .setIgnoreChangesList(request.getIgnorechangesList())
    .setReplaceOnChangesList(request.getReplaceonchangesList())
    .setAliasesList(request.getAliasesList())
    .setProvider(request.getProvider())
    .setRetainOnDelete(request.getRetainondelete() ?? false)
    .setDeletedWith(request.getDeletedwith())
    .setDeleteBeforeReplace(request.getDeletebeforereplace())
    .setAdditionalSecretOutputsList(request.getAdditionalsecretoutputsList());
  options.setCustomTimeouts(request.getCustomtimeouts());
  request
    .getProvidersMap()
    .forEach((value: string, key: string) => options.getProvidersMap().set(key, value));
  return new proto.TransformRequest()
    .setType(request.getType())
    .setName(request.getName())
    .setCustom(request.getCustom())
    .setParent(request.getParent())
    .setProperties(request.getObject())
    .setOptions(options);
}

function write(response: proto.TransformResponse, request: proto.RegisterResourceRequest): void {
  request.setObject(response.getProperties());
  const options = response.getOptions();
  if (options === undefined) return;
  request.setDependenciesList(options.getDependsOnList());
  request.setProtect(options.getProtect() ?? false);
  request.setIgnorechangesList(options.getIgnoreChangesList());
  request.setReplaceonchangesList(options.getReplaceOnChangesList());
  request.setAliasesList(options.getAliasesList());
  request.setProvider(options.getProvider());
  request.setRetainondelete(options.getRetainOnDelete() ?? false);
  request.setDeletedwith(options.getDeletedWith());
  request.setDeletebeforereplace(options.getDeleteBeforeReplace() ?? false);
  request.setAdditionalsecretoutputsList(options.getAdditionalSecretOutputsList());
  request.setCustomtimeouts(options.getCustomTimeouts());
}
