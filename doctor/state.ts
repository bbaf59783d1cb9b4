/** What a stack's state says of its cluster: the steps with their specifications and connections, and the objects. */
import type { Connection, PreflightSpec } from "../host/protocol";
import {
  expectedBackup,
  expectedHost,
  type ExpectedCluster,
  type ExpectedObject,
  type HostSpecs,
} from "../model/doctor/expected";
import type { ClusterMachine } from "../model/machine";
import type { ImmutableSettings } from "../model/immutableSettings";
import { sha256 } from "../model/core/hash";
import { paths } from "../model/kubeadm/paths";
import { opened, readSteps, StateError, type Resource, type Step } from "./steps";

export { StateError } from "./steps";

export interface StackState {
  readonly expected: ExpectedCluster;
  /** By machine name; secret. */
  readonly connections: Readonly<Record<string, Connection>>;
  readonly bastion?: Connection;
  /** The administrator's; secret. Undefined: the stack has none yet. */
  readonly kubeconfig?: string;
  /** What an upgrade is judged by. Undefined: the stack was made by a version of the library that did not judge. */
  readonly upgrade?: StackUpgrades;
}

export interface StackUpgrades {
  readonly spec: PreflightSpec["upgrade"];
  readonly through?: PreflightSpec["through"];
  readonly machines: readonly ClusterMachine[];
}

/**
 * @param text as `pulumi stack export --show-secrets` prints it
 * @throws StateError when there is no cluster of this library in it
 */
export function readState(text: string): StackState {
  const { resources, steps, cluster, connections, bastion } = readSteps(text);
  const kubeconfig = resources.flatMap(kubeconfigOf)[0];
  return {
    expected: expectedOf(steps, cluster, resources),
    connections,
    ...(bastion === undefined ? {} : { bastion }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...upgradesOf(steps),
  };
}

function upgradesOf(steps: readonly Step[]): Pick<StackState, "upgrade"> {
  for (const { spec, input } of steps) {
    if (spec.step !== "preflight" || input?.machines === undefined) continue;
    // A state that an older library wrote has no such part.
    const { upgrade, through }: Partial<PreflightSpec> = spec;
    if (upgrade !== undefined)
      return {
        upgrade: { spec: upgrade, machines: input.machines, ...(through === undefined ? {} : { through }) },
      };
  }
  return {};
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
  let backup: ExpectedCluster["backup"];
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
    if (spec.step !== "node" || spec.node.controlPlane === undefined) continue;
    ({ renewBeforeDays } = spec.node.controlPlane.certificates);
    backup = expectedBackup(spec.node.controlPlane);
  }
  if (fixed === undefined) throw new StateError("the stack has no nodes: pulumi up creates them");
  const dns = resources.find(({ inputs }) => inputs?.["kind"] === "Service" && nameOf(inputs) === "kube-dns");
  const { clusterIP } = (opened(dns?.inputs?.["spec"]) ?? {}) as { readonly clusterIP?: string };
  return {
    id,
    ...authorityOf(steps),
    fixed,
    kubernetesVersion,
    dnsAddress: clusterIP ?? "",
    hosts: [...specs.values()].flatMap((one) => expectedHost(one) ?? []),
    objects: resources.flatMap(objectOf),
    renewBeforeDays,
    ...(backup === undefined ? {} : { backup }),
    pools: steps.some(({ spec }) => spec.step === "poolReady"),
  };
}

/** The CA that control-plane nodes are given: a rotation changes it, and the cluster's identity stays. */
function authorityOf(steps: readonly Step[]): { readonly authority?: string } {
  const files = steps.flatMap(({ spec, input }) => (spec.step === "node" ? (input?.files ?? []) : []));
  const given = files.find(({ path }) => path === `${paths.pki}/ca.crt`);
  return given === undefined ? {} : { authority: sha256(given.content.trim()) };
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
