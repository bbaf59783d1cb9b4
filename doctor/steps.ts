/** The steps in a stack's state, with their specifications and what reached them by standard input. */
import {
  CLUSTER_VARIABLE,
  SPEC_VARIABLE,
  VALUES_VARIABLE,
  type Connection,
  type StepInput,
  type StepSpec,
} from "../host/protocol";
import { lateValues, withValues } from "../host/values";

/** The state has no cluster, or is none. */
export class StateError extends Error {}

export interface Resource {
  readonly type: string;
  readonly delete?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export interface Step {
  readonly spec: StepSpec;
  readonly cluster: string;
  readonly input?: StepInput;
}

/** A cluster's steps. */
export interface StackSteps {
  readonly resources: readonly Resource[];
  readonly steps: readonly Step[];
  /** SHA-256 of the cluster's CA. */
  readonly cluster: string;
  /** By machine name; secret. */
  readonly connections: Readonly<Record<string, Connection>>;
  readonly bastion?: Connection;
}

/** Marks a secret in an exported state (pulumi, sdk/go/common/resource/sig). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Secrets as what they hold: `--show-secrets` writes them as JSON in `plaintext`. */
export function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (value === null || typeof value !== "object") return value;
  const entries = value as Readonly<Record<string, unknown>>;
  if (SIGNATURE in entries) {
    const { plaintext } = entries;
    if (typeof plaintext === "string") return opened(JSON.parse(plaintext));
    throw new StateError("the state has its secrets encrypted: export it with --show-secrets");
  }
  return Object.fromEntries(Object.entries(entries).map(([key, one]) => [key, opened(one)]));
}

/**
 * @param text as `pulumi stack export --show-secrets` prints it
 * @throws StateError when there is no cluster of this library in it, or several
 */
export function readSteps(text: string): StackSteps {
  let document: { readonly deployment?: { readonly resources?: readonly Resource[] } };
  try {
    document = JSON.parse(text) as typeof document;
  } catch {
    throw new StateError("the state is not JSON: pulumi stack export --show-secrets prints it");
  }
  const resources = (document.deployment?.resources ?? []).filter((one) => one.delete !== true);
  const steps = resources.flatMap(stepOf);
  const [cluster, ...more] = new Set(steps.map((step) => step.cluster).filter((id) => id !== ""));
  if (cluster === undefined) throw new StateError("the stack has no cluster: pulumi up creates it");
  if (more.length > 0)
    throw new StateError(`the stack has ${more.length + 1} clusters, and one is looked at at a time`);
  const inputs = steps.flatMap(({ input }) => input ?? []);
  const bastion = inputs.find((one) => one.bastion !== undefined)?.bastion;
  const connections: Record<string, Connection> = {};
  for (const input of inputs) Object.assign(connections, input.connections);
  return { resources, steps, cluster, connections, ...(bastion === undefined ? {} : { bastion }) };
}

function stepOf(resource: Resource): Step[] {
  if (resource.type !== "command:local:Command") return [];
  const environment = opened(resource.inputs?.["environment"] ?? {}) as Readonly<Record<string, string>>;
  const spec = environment[SPEC_VARIABLE];
  if (spec === undefined) return [];
  const values = lateValues(JSON.parse(environment[VALUES_VARIABLE] ?? "null"));
  const stdin = opened(resource.inputs?.["stdin"]);
  return [
    {
      spec: withValues(JSON.parse(spec) as StepSpec, values),
      cluster: environment[CLUSTER_VARIABLE] ?? "",
      ...(typeof stdin === "string" ? { input: JSON.parse(stdin) as StepInput } : {}),
    },
  ];
}
