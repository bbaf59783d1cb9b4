/** What the policy SDK hands to a policy, made without the engine: unknown values throw, `notApplicable` does not return. */
import * as sdk from "@pulumi/policy";
import type {
  PolicyProviderResource,
  PolicyResource,
  PolicyResourceOptions,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationArgs,
  StackValidationPolicy,
} from "@pulumi/policy";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterInput } from "../../model/settings/schema/cluster";
import "../../aws";
import { createCluster } from "../../stacks/program";
import { record, type Recorded } from "../../testing";
import { metalInput, type RawSettings } from "../support/settings";

type Props = Record<string, unknown>;

/** The SDK exports it, and leaves it out of its types. */
const { unknownCheckingProxy } = sdk as unknown as { readonly unknownCheckingProxy: (props: Props) => Props };

export type Policy = ResourceValidationPolicy | StackValidationPolicy;

/** A resource as a test writes it; the rest is filled in. */
export interface Fake {
  type: string;
  name: string;
  urn: string;
  props: Props;
  protect: boolean;
  /** URN; "" for none. */
  parent: string;
  /** URN; "" for components and providers. */
  provider: string;
}

export interface Outcome {
  readonly violations: readonly { readonly message: string; readonly urn?: string }[];
  /** Why the policy did not look; undefined when it did. */
  readonly notApplicable?: string;
}

export type Config = Readonly<Props>;

class NotApplicable extends Error {}

const notApplicable = (reason?: string): never => {
  throw new NotApplicable(reason ?? "");
};

/** What Pulumi sends for a value that a preview does not know; the policy SDK takes it for unknown as well. */
export const unknown = pulumi.runtime.unknownValue;

/** An input that every test of a key can show: the armour only, so that it is not a key of anything. */
export const privateKeyPem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----\n";

export function fake(type: string, props: Props, over: Partial<Fake> = {}): Fake {
  const name = over.name ?? "one";
  const above = over.parent === undefined || over.parent === "" ? "" : `${typesOf(over.parent)}$`;
  const urn = `urn:pulumi:stack::project::${above}${type}::${name}`;
  return { type, name, urn, props, protect: false, parent: "", provider: "", ...over };
}

function typesOf(urn: string): string {
  return urn.split("::")[2] ?? "";
}

/** Runs a policy over one resource, or over all of a stack's. */
export async function run(
  policy: Policy,
  resources: Fake | readonly Fake[],
  config: Config = {},
): Promise<Outcome> {
  const violations: { message: string; urn?: string }[] = [];
  const report = (message: string, urn?: string): void => void violations.push({ message, urn });
  const all = Array.isArray(resources) ? (resources as readonly Fake[]) : [resources as Fake];
  try {
    if ("validateStack" in policy) await policy.validateStack(stackArgs(all, config), report);
    else {
      const { validateResource } = policy;
      if (typeof validateResource !== "function") throw new Error(`${policy.name} has no single validation`);
      if (all.length !== 1) throw new Error(`${policy.name} looks at one resource`);
      await validateResource(resourceArgs(all[0], all, config), report);
    }
  } catch (error) {
    if (error instanceof NotApplicable) return { violations, notApplicable: error.message };
    throw error;
  }
  return { violations };
}

export async function messages(policy: Policy, resources: Fake | readonly Fake[], config?: Config) {
  return (await run(policy, resources, config)).violations.map((violation) => violation.message);
}

/** A resource policy over every resource of a stack. */
export async function runOverAll(
  policy: ResourceValidationPolicy,
  stack: readonly Fake[],
): Promise<Outcome[]> {
  return Promise.all(stack.map((one) => run(policy, one)));
}

function resourceArgs(one: Fake, stack: readonly Fake[], config: Config): ResourceValidationArgs {
  return {
    type: one.type,
    name: one.name,
    urn: one.urn,
    props: unknownCheckingProxy(one.props),
    opts: optionsOf(one),
    provider: providerOf(one, stack),
    stackTags: new Map(),
    isType: () => false,
    asType: () => undefined,
    getConfig: <T extends object>() => config as T,
    notApplicable,
  };
}

function stackArgs(stack: readonly Fake[], config: Config): StackValidationArgs {
  const resources = stack.map((one): PolicyResource => ({
    type: one.type,
    name: one.name,
    urn: one.urn,
    props: unknownCheckingProxy(one.props),
    opts: optionsOf(one),
    provider: providerOf(one, stack),
    dependencies: [],
    propertyDependencies: {},
    isType: () => false,
    asType: () => undefined,
  }));
  for (const [index, { parent }] of stack.entries()) {
    resources[index].parent = resources.find((resource) => resource.urn === parent);
  }
  return {
    resources,
    stackTags: new Map(),
    getConfig: <T extends object>() => config as T,
    notApplicable,
  };
}

function optionsOf(one: Fake): PolicyResourceOptions {
  return {
    protect: one.protect,
    ignoreChanges: [],
    aliases: [],
    customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
    additionalSecretOutputs: [],
    ...(one.parent === "" ? {} : { parent: one.parent }),
  };
}

function providerOf(one: Fake, stack: readonly Fake[]): PolicyProviderResource | undefined {
  if (one.provider === "") return undefined;
  const provider = stack.find((other) => other.urn === one.provider);
  const [, , types = "", name = ""] = one.provider.split("::");
  return { type: types.split("$").at(-1) ?? "", name, urn: one.provider, props: provider?.props ?? {} };
}

/** Outputs that providers would add, so that what is made of keys and certificates is there. */
function outputs({ type }: pulumi.runtime.MockResourceArgs): Props {
  const certificate = "-----BEGIN CERTIFICATE-----\nMC4CAQAwBQYDK2Vw\n-----END CERTIFICATE-----\n";
  if (type.startsWith("tls:index/privateKey"))
    return { privateKeyPem, privateKeyPemPkcs8: privateKeyPem, publicKeyPem: "public" };
  if (type.startsWith("tls:index/")) return { certPem: certificate, certRequestPem: "request" };
  return { stdout: "{}" };
}

export interface StackOptions {
  readonly preview?: boolean;
  /** Replaces whole keys of the settings. */
  readonly settings?: RawSettings;
  /** Machines that another provider makes in the same program: a first preview does not know their addresses. */
  readonly created?: readonly string[];
}

/** What another provider makes. */
class Server extends pulumi.CustomResource {
  declare readonly address: pulumi.Output<string>;
  constructor(name: string) {
    super("cloud:index:Server", name, { address: undefined });
  }
}

const recorded = new Map<string, Promise<Fake[]>>();

/** The resources of environment `metal`, fresh and free to be changed: secrets in plain text, as policies get them. */
export async function metalStack(options: StackOptions = {}): Promise<Fake[]> {
  const key = JSON.stringify(options);
  const stack = recorded.get(key) ?? recordMetal(options);
  recorded.set(key, stack);
  return structuredClone(await stack);
}

async function recordMetal(options: StackOptions): Promise<Fake[]> {
  const settings = { ...metalInput(), ...options.settings } as unknown as ClusterInput;
  const secrets = { operator: pulumi.secret(privateKeyPem) };
  const program = () => {
    const machines = (settings as unknown as { machines: Record<string, RawSettings> }).machines;
    for (const name of options.created ?? []) machines[name].nodeAddress = new Server(name).address;
    createCluster({ environment: "metal", settings, secrets });
  };
  const resources = await record(program, {
    preview: options.preview,
    outputs,
    stack: "metal",
    onWarning: () => undefined,
  });
  return resources.map(toFake);
}

function toFake(one: Recorded): Fake {
  return {
    type: one.type,
    name: one.name,
    urn: one.urn,
    props: plain(one.sent) as Props,
    protect: one.protect,
    parent: one.parent,
    provider: one.provider.split("::").slice(0, 4).join("::"),
  };
}

/** As the SDK does: policies see what is inside of a secret. */
function plain(value: unknown): unknown {
  if (pulumi.runtime.isRpcSecret(value)) return plain((value as { readonly value: unknown }).value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** The one resource whose name ends so. */
export function ending(stack: readonly Fake[], end: string): Fake {
  const found = stack.filter((one) => one.name.endsWith(end));
  if (found.length !== 1) throw new Error(`${found.length} resources end in ${end}`);
  return found[0];
}

/** Changes the text of a step's specification. */
export function editSpec(step: Fake, edit: (text: string) => string): void {
  const environment = step.props.environment as Record<string, string>;
  const changed = edit(environment.KUBEADM_SPEC);
  if (changed === environment.KUBEADM_SPEC) throw new Error(`${step.name} is as it was`);
  environment.KUBEADM_SPEC = changed;
}
