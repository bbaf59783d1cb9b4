import { setImmediate } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import * as mocks from "@pulumi/pulumi/runtime/mocks";
import { keyOutputs } from "./keys";
import { takeNoStacks } from "./stacks";
import { secretPaths, withSecrets, type Path } from "./secretPaths";
import { Transforms } from "./transforms";

/** A resource as the program asked the engine for it. */
export interface Recorded {
  /** Name that the program gives the resource, such as `prod-control-plane-init`. */
  readonly name: string;
  /** Type token, such as `aws:ec2/instance:Instance`. */
  readonly type: string;
  /** URN as Pulumi builds it from stack, project, types of the parents, type and name. */
  readonly urn: string;
  /** False for components. */
  readonly custom: boolean;
  /**
   * As Pulumi's own mocks hand them out: a secret is in Pulumi's envelope (`pulumi.runtime.isRpcSecret`), and so does
   * every list and object that holds one. What is not known in a preview is `pulumi.unknown`.
   */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** As they are sent: envelopes stand exactly where a secret is, `pulumi.runtime.unknownValue` where nothing is known. */
  readonly sent: Record<string, unknown>;
  /** URN of the parent; "" if the stack is the parent. */
  readonly parent: string;
  /** URNs of resources in `dependsOn`, and of those whose outputs are inputs. */
  readonly dependsOn: readonly string[];
  /** URNs by the input whose value comes from them. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** `<URN>::<id>` of the provider; "" for the default provider. */
  readonly provider: string;
  /** Providers that a component passes to its children, by package. */
  readonly providers: Readonly<Record<string, string>>;
  /** The resource option `protect`. The following fields are resource options too. */
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly deleteBeforeReplace: boolean;
  /** URN of the resource; "" if there is none. */
  readonly deletedWith: string;
  readonly retainOnDelete: boolean;
  readonly additionalSecretOutputs: readonly string[];
  /** As `30m`; "" where the provider's own time holds. */
  readonly customTimeouts: { readonly create: string; readonly update: string; readonly delete: string };
  /** Number of aliases. */
  readonly aliases: number;
}

/** How the program runs: as an update of stack `stack` of project `project`, if nothing else is set. */
export interface RecordOptions {
  /**
   * Runs the program as `pulumi preview` does: outputs that only a provider knows are unknown.
   *
   * @defaultValue false
   */
  readonly preview?: boolean;
  /** Outputs that a provider would add to a resource's inputs. */
  readonly outputs?: (resource: pulumi.runtime.MockResourceArgs) => Record<string, unknown>;
  /**
   * Result of a provider's function.
   *
   * @defaultValue an empty object
   */
  readonly call?: (call: pulumi.runtime.MockCallArgs) => Record<string, unknown>;
  /**
   * Name of the project.
   *
   * @defaultValue `project`
   */
  readonly project?: string;
  /**
   * Name of the stack.
   *
   * @defaultValue `stack`
   */
  readonly stack?: string;
  /**
   * Configuration of the stack by full key, such as `{ "shop:operatorKey": "...", "aws:region": "eu-central-1" }`. A
   * key without a project belongs to `project`. Pass objects as objects.
   *
   * @defaultValue what `pulumi.runtime.setAllConfig` or PULUMI_CONFIG set
   */
  readonly config?: Readonly<Record<string, unknown>>;
  /**
   * Outputs of other stacks, by the name that the program passes to `StackReference`. A reference to another stack is
   * an error. With `unknown` all outputs of other stacks are unknown.
   */
  readonly stackReferences?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | "unknown";
  /**
   * Accepts a program that registers no resource. Usually such a program is a module that was loaded before, and a
   * module runs only once in a process.
   *
   * @defaultValue false
   */
  readonly allowEmpty?: boolean;
  /**
   * Receives what the program passes to `pulumi.log.warn`.
   *
   * @defaultValue prints it
   */
  readonly onWarning?: (message: string) => void;
  /**
   * Receives what the program passes to `pulumi.log.error`, which fails a run of Pulumi.
   *
   * @defaultValue `record` fails with it
   */
  readonly onError?: (message: string) => void;
}

interface Monitor {
  newUrn: (parent: string, type: string, name: string) => string;
  registerResource: (this: Monitor, request: RegisterResourceRequest, callback: Callback) => Promise<void>;
  registerStackTransform?: (request: { getToken(): string }, callback: Callback) => void;
}

type Callback = (error: unknown, response: unknown) => void;

/** Node's own, whatever timers a test puts in its place later. */
const nextTurn = setImmediate;
const later = setTimeout;
const never = clearTimeout;

/** Milliseconds without a registration after which a run that has failed is over: what waits for a value that will never come waits for ever. */
const STILL = 1_000;

const STACK_TYPE = "pulumi:pulumi:Stack";

/**
 * Runs a program in a stack against mocks and returns every resource it registered, in order, with the options that
 * Pulumi's own mocks do not show. The monitor's prototype is an internal of the SDK; `test/component/recorder.test.ts`
 * fails when its shape changes. One at a time in a process: mocks are the process's.
 *
 * @throws whatever fails a run of Pulumi, once the registrations under way have ended, or none has begun for a second: an error that
 * leaves the program or an `apply`, one that the program logs, and two resources with the same type, parent and name
 * @throws Error when the program registers nothing, unless `allowEmpty` is set
 */
export async function record(
  program: () => unknown,
  options: RecordOptions = {},
): Promise<readonly Recorded[]> {
  const seen = await observe(program, options);
  if (options.allowEmpty !== true && seen.every((one) => one.type === STACK_TYPE)) throw new Error(NOTHING);
  const stack = seen.find((one) => one.type === STACK_TYPE)?.urn;
  return Promise.all(
    seen
      .filter((one) => one.urn !== stack)
      .map(async ({ secrets, ...one }) => {
        const sent = withSecrets(one.sent, await secrets);
        return {
          ...one,
          inputs: received(sent),
          sent,
          parent: one.parent === stack ? "" : one.parent,
        };
      }),
  );
}

const NOTHING =
  "the program registered no resource. A module runs only once in a process: export a function and call it, or forget the " +
  "module first (vi.resetModules(), jest.resetModules()). A program that is meant to be empty needs `allowEmpty: true`";

/** What the SDK makes of sent properties; it reads nothing but `toJavaScript` of the message. */
function received(sent: Record<string, unknown>): Record<string, unknown> {
  return pulumi.runtime.deserializeProperties({ toJavaScript: () => sent } as never, true);
}

type Seen = Omit<Recorded, "inputs"> & { readonly secrets: Promise<readonly Path[]> };

async function observe(program: () => unknown, options: RecordOptions): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  const urns = new Set<string>();
  const given = new Map<string, unknown>();
  const prototype = (mocks as unknown as { MockMonitor: { prototype: Monitor } }).MockMonitor.prototype;
  const { registerResource, newUrn } = prototype;
  const transforms = new Transforms();
  // Thrown at the end: an error that leaves the program, or fails a registration, would be an unhandled rejection in the SDK.
  let failure: { readonly error: unknown } | undefined;
  let hasFailed: () => void = () => undefined;
  const failed = new Promise<void>((resolve) => (hasFailed = resolve));
  const fail = (error: unknown): void => {
    failure ??= { error };
    hasFailed();
  };
  prototype.newUrn = urnOf;
  prototype.registerResource = async function (this: Monitor, request, callback) {
    const urn = this.newUrn(request.getParent(), request.getType(), request.getName());
    // As the engine does.
    if (urns.has(urn)) fail(new Error(`Duplicate resource URN '${urn}'; try giving it a unique name`));
    urns.add(urn);
    await transforms.apply(request, urn).catch(fail);
    seen.push(read(urn, request, given.get(`${request.getType()}::${request.getName()}`)));
    await registerResource.call(this, request, callback);
  };
  prototype.registerStackTransform = (request, callback) => {
    transforms.addToStack(request);
    callback(null, {});
  };
  const { onWarning, onError = (message) => fail(new pulumi.RunError(message)) } = options;
  const stopLog = readLog({ ...(onWarning === undefined ? {} : { warn: onWarning }), error: onError });
  const stopRejections = takeRejections(fail);
  const takeStacks = takeNoStacks();
  const over = new AbortController();
  try {
    await pulumi.runtime.setMocks(
      standIns(options, fail),
      options.project ?? "project",
      options.stack ?? "stack",
      options.preview ?? false,
    );
    transforms.allow();
    if (options.config !== undefined) pulumi.runtime.setAllConfig(configOf(options));
    const run = async (): Promise<void> => {
      await pulumi.runtime.runInPulumiStack(async () => {
        pulumi.runtime.registerStackTransformation(({ type, name, props }) => {
          given.set(`${type}::${name}`, props);
          return undefined;
        });
        try {
          await program();
        } catch (error) {
          fail(error);
        }
        return {};
      });
      // Waits for every registration still under way.
      await pulumi.runtime.disconnect();
    };
    const running = run();
    running.catch(() => undefined);
    await Promise.race([running, failed.then(() => stillness(() => seen.length, over.signal))]);
    // Node tells of rejections after the promises of a turn.
    await nextTurn();
  } finally {
    over.abort();
    Object.assign(prototype, { registerResource, newUrn });
    delete prototype.registerStackTransform;
    stopLog();
    stopRejections();
    takeStacks();
  }
  if (failure !== undefined) throw failure.error;
  return seen;
}

/** Resolves when the count has stayed the same for `STILL`, and when the run is over: a timer that is left would keep the process alive. */
async function stillness(count: () => number, over: AbortSignal): Promise<void> {
  let before;
  while (!over.aborted && count() !== before) {
    before = count();
    await new Promise<void>((wake) => {
      const timer = later(wake, STILL);
      over.addEventListener("abort", () => {
        never(timer);
        wake();
      });
    });
  }
}

/**
 * The engine's URN has the types of all parents but the stack, that of the SDK's mocks the last one alone: `a` in one cluster and `a` in
 * another part of the program would be one resource.
 */
function urnOf(parent: string, type: string, name: string): string {
  const above = parent.split("::")[2] ?? "";
  const whole = above === "" || above === STACK_TYPE ? type : `${above}$${type}`;
  return `urn:pulumi:${[pulumi.getStack(), pulumi.getProject(), whole, name].join("::")}`;
}

/** Without an engine the SDK logs to the console, with a mark in front of each message. @returns a function that ends it */
function readLog(receivers: {
  readonly warn?: (message: string) => void;
  readonly error: (message: string) => void;
}): () => void {
  const { warn, error } = console;
  const read = (print: typeof warn, mark: RegExp, receive: (message: string) => void): typeof warn => {
    return (...given: unknown[]) => {
      const [text] = given;
      if (typeof text === "string" && mark.test(text)) receive(text.replace(mark, ""));
      else print(...given);
    };
  };
  if (receivers.warn !== undefined) console.warn = read(warn, /^warning: \[runtime\] /, receivers.warn);
  console.error = read(error, /^error: \[runtime\] /, receivers.error);
  return () => {
    console.warn = warn;
    console.error = error;
  };
}

/**
 * An error in an `apply` leaves no call: it is a rejection that nobody handles, by which Pulumi fails the run. Whoever else listens
 * for rejections would take it for one of a test that has ended. @returns a function that ends it
 */
function takeRejections(receive: (error: unknown) => void): () => void {
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", receive);
  return () => {
    process.removeListener("unhandledRejection", receive);
    for (const other of others) process.on("unhandledRejection", other);
  };
}

function configOf({ config = {}, project = "project" }: RecordOptions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key.includes(":") ? key : `${project}:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

const STACK_REFERENCE = "pulumi:pulumi:StackReference";

/** What the engine knows of another stack. An unknown one is reported, and has no outputs. */
function referenced(
  { stackReferences = {} }: RecordOptions,
  { name }: { readonly name: string },
  report: (error: Error) => void,
): Record<string, unknown> {
  if (stackReferences === "unknown") return { name, outputs: pulumi.unknown, secretOutputNames: [] };
  const outputs = stackReferences[name];
  if (outputs === undefined) {
    const known = Object.keys(stackReferences).join(", ") || "none";
    report(new Error(`stackReferences has no outputs of the stack ${name}; it has: ${known}`));
  }
  return { name, outputs: outputs ?? {}, secretOutputNames: [] };
}

function standIns(options: RecordOptions, report: (error: Error) => void): pulumi.runtime.Mocks {
  const stateOf = ({ type, inputs }: pulumi.runtime.MockResourceArgs): Record<string, unknown> => {
    const given = inputs as Record<string, unknown>;
    if (type === STACK_REFERENCE) return referenced(options, inputs as { readonly name: string }, report);
    // In a preview nobody knows them.
    return { ...given, ...(options.preview === true ? {} : keyOutputs(type, given)) };
  };
  return {
    newResource: (args) => ({
      id: options.preview === true && args.custom !== false ? undefined : `${args.name}-id`,
      state: { ...stateOf(args), ...options.outputs?.(args) },
    }),
    call: (args) => options.call?.(args) ?? {},
  };
}

function read(urn: string, request: RegisterResourceRequest, props: unknown): Seen {
  const providers: Record<string, string> = {};
  request.getProvidersMap().forEach((value: string, key: string) => (providers[key] = value));
  const propertyDependencies: Record<string, readonly string[]> = {};
  request.getPropertydependenciesMap().forEach((value: { getUrnsList(): string[] }, key: string) => {
    if (value.getUrnsList().length > 0) propertyDependencies[key] = value.getUrnsList();
  });
  return {
    name: request.getName(),
    type: request.getType(),
    urn,
    custom: request.getCustom(),
    sent: request.getObject()?.toJavaScript() ?? {},
    secrets: secretPaths(props),
    parent: request.getParent(),
    dependsOn: request.getDependenciesList(),
    propertyDependencies,
    provider: request.getProvider(),
    providers,
    protect: request.getProtect() ?? false,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    customTimeouts: {
      create: request.getCustomtimeouts()?.getCreate() ?? "",
      update: request.getCustomtimeouts()?.getUpdate() ?? "",
      delete: request.getCustomtimeouts()?.getDelete() ?? "",
    },
    deletedWith: request.getDeletedwith(),
    retainOnDelete: request.getRetainondelete() ?? false,
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: request.getAliasesList().length,
  };
}

/** Returns the only resource with this name and, if given, this type. */
export function byName(resources: readonly Recorded[], name: string, type?: string): Recorded {
  const found = resources.filter((one) => one.name === name && (type === undefined || one.type === type));
  if (found.length !== 1) {
    throw new Error(
      `${found.length} resources named ${name}; there are ${resources.map((one) => one.name).join(", ")}`,
    );
  }
  return found[0];
}
