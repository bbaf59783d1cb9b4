/** What a stack's state says of its cluster: the steps with their specifications and connections, and the objects. */
import {
  CLUSTER_VARIABLE,
  SPEC_VARIABLE,
  VALUES_VARIABLE,
  type Connection,
  type StepInput,
  type StepSpec,
} from "../host/protocol";
import { lateValues, withValues } from "../host/values";
import {
  expectedHost,
  type ExpectedCluster,
  type ExpectedObject,
  type HostSpecs,
} from "../model/doctor/expected";
import type { ImmutableSettings } from "../model/immutableSettings";
import { paths } from "../model/kubeadm/paths";

/** The state has no cluster, or is none. */
export class StateError extends Error {}

export interface StackState {
  readonly expected: ExpectedCluster;
  /** By machine name; secret. */
  readonly connections: Readonly<Record<string, Connection>>;
  readonly bastion?: Connection;
  /** The administrator's; secret. Undefined: the stack has none yet. */
  readonly kubeconfig?: string;
}

interface Resource {
  readonly type: string;
  readonly delete?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

interface Step {
  readonly spec: StepSpec;
  readonly cluster: string;
  readonly input?: StepInput;
}

/** Marks a secret in an exported state (pulumi, sdk/go/common/resource/sig). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Secrets as what they hold: `--show-secrets` writes them as JSON in `plaintext`. */
function opened(value: unknown): unknown {
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
 * @throws StateError when there is no cluster of this library in it
 */
export function readState(text: string): StackState {
  let document: { readonly deployment?: { readonly resources?: readonly Resource[] } };
  try {
    document = JSON.parse(text) as typeof document;
  } catch {
    throw new StateError("the state is not JSON: pulumi stack export --show-secrets prints it");
  }
  const resources = (document.deployment?.resources ?? []).filter((one) => one.delete !== true);
  const steps = resources.flatMap(stepOf);
  const clusters = [...new Set(steps.map(({ cluster }) => cluster).filter((id) => id !== ""))];
  if (clusters.length === 0) throw new StateError("the stack has no cluster: pulumi up creates it");
  if (clusters.length > 1)
    throw new StateError(`the stack has ${clusters.length} clusters, and the doctor looks at one`);
  const inputs = steps.flatMap(({ input }) => input ?? []);
  const bastion = inputs.find((one) => one.bastion !== undefined)?.bastion;
  const kubeconfig = resources.flatMap(kubeconfigOf)[0];
  const connections: Record<string, Connection> = {};
  for (const input of inputs) Object.assign(connections, input.connections);
  return {
    expected: expectedOf(steps, clusters[0], resources),
    connections,
    ...(bastion === undefined ? {} : { bastion }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  };
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

function kubeconfigOf({ type, inputs }: Resource): string[] {
  if (type !== "pulumi:providers:kubernetes") return [];
  const text = opened(inputs?.["kubeconfig"]);
  return typeof text === "string" ? [text] : [];
}

function expectedOf(steps: readonly Step[], id: string, resources: readonly Resource[]): ExpectedCluster {
  const specs = new Map<string, HostSpecs>();
  let fixed: ImmutableSettings | undefined;
  let kubernetesVersion = "";
  let renewBeforeDays = 0;
  for (const { spec, input } of steps) {
    // Init is history: it runs once, and its specification stays as it was.
    if (!("fixed" in spec) || spec.step === "init") continue;
    ({ fixed, kubernetesVersion } = spec);
    if (spec.step !== "setup" && spec.step !== "node") continue;
    const oidcCa = input?.files.find(({ path }) => path === paths.oidcCa)?.content;
    const setup = spec.step === "setup" ? spec.node : spec.setup?.node;
    specs.set(spec.machine, {
      ...specs.get(spec.machine),
      ...(setup === undefined ? {} : { setup }),
      ...(spec.step === "node" ? { node: spec.node } : {}),
      ...(oidcCa === undefined ? {} : { oidcCa }),
    });
    if (spec.step === "node" && spec.node.controlPlane !== undefined)
      ({ renewBeforeDays } = spec.node.controlPlane.certificates);
  }
  if (fixed === undefined) throw new StateError("the stack has no nodes: pulumi up creates them");
  const dns = resources.find(({ inputs }) => inputs?.["kind"] === "Service" && nameOf(inputs) === "kube-dns");
  const { clusterIP } = (opened(dns?.inputs?.["spec"]) ?? {}) as { readonly clusterIP?: string };
  return {
    id,
    fixed,
    kubernetesVersion,
    dnsAddress: clusterIP ?? "",
    hosts: [...specs.values()].flatMap((one) => expectedHost(one) ?? []),
    objects: resources.flatMap(objectOf),
    renewBeforeDays,
    pools: steps.some(({ spec }) => spec.step === "poolReady"),
  };
}

function nameOf(inputs: Resource["inputs"]): string | undefined {
  return (inputs?.["metadata"] as { readonly name?: string } | undefined)?.name;
}

/** Those that people change by hand, or that run pods. */
const KINDS = ["ConfigMap", "Service", "Deployment", "DaemonSet", "StatefulSet"];

function objectOf({ type, inputs, outputs }: Resource): ExpectedObject[] {
  if (!type.startsWith("kubernetes:") || inputs === undefined) return [];
  const { apiVersion, kind, data } = inputs;
  if (typeof kind !== "string" || typeof apiVersion !== "string" || !KINDS.includes(kind)) return [];
  const metadata = (opened(outputs?.["metadata"] ?? inputs["metadata"]) ?? {}) as {
    readonly name?: string;
    readonly namespace?: string;
  };
  if (metadata.name === undefined) return [];
  return [
    {
      apiVersion,
      kind,
      namespace: metadata.namespace ?? "default",
      name: metadata.name,
      ...(kind === "ConfigMap" ? { data: (opened(data) ?? {}) as Record<string, string> } : {}),
    },
  ];
}
