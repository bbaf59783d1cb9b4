import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { FIXED_VARIABLE, type InitSpec, type RestoreSpec, type SecretFile } from "../../host/protocol";
import { LET_GO, WARMUP } from "../../model/aws/hooks";
import { poolBoot } from "../../model/settings/pools";
import { controlPlaneTopology } from "../../model/aws/topology";
import { defined } from "../../model/core/defined";
import { paths } from "../../model/kubeadm";
import { isRotated } from "../../model/rotation/authorities";
import { setupSecretFiles, setupSecretNames } from "../../model/node/setupSecrets";
import type { LateSettings } from "../late";
import type { ClusterSettings, Machine } from "../../model/settings/resolved";
import type { AwsPool } from "../../model/aws/settings";
import { controlPlaneOf, immutableSettings } from "../../model/settings/specs";
import { AWS_INIT_IGNORES, INIT_IGNORES } from "../options";
import { hostStep, type HostStepArgs, type SshKeys } from "./hostStep";
import {
  checkedMachines,
  initSpec,
  nodeStepSpec,
  preflightSpec,
  restoreSpec,
  rotationSpec,
  setupSpec,
  topologySpec,
} from "./specs";

/** What all steps of a cluster share. */
export interface StepsArgs extends Pick<
  HostStepArgs,
  "machineKeys" | "connections" | "bastion" | "values" | "late"
> {
  /** Parsed settings, the result of `parseCluster`. */
  readonly settings: ClusterSettings;
  /** Private keys by the names that the settings refer to; secret. */
  readonly sshKeys: SshKeys;
  /** SHA-256 of the cluster CA's certificate. */
  readonly clusterId: pulumi.Input<string>;
  /** Key pairs and encryption keys that a control-plane node gets by standard input; secret. */
  readonly controlPlaneFiles: pulumi.Input<readonly SecretFile[]>;
  /** Ids of instances by machine, where a cloud makes them: another instance is another machine. */
  readonly instances?: Readonly<Record<string, pulumi.Input<string>>>;
  /** What only the cloud knows of one machine, as `values`, by machine. */
  readonly machineValues?: Readonly<Record<string, Readonly<Record<string, pulumi.Input<string>>>>>;
  /** What has to allow a run before a control-plane node leaves: direct dependencies, by which `--continue-on-error` goes. */
  readonly guards?: readonly pulumi.Resource[];
}

type Step = command.local.Command;

/** What is rendered for a machine, which is an output where it has addresses that come later. */
function rendered<R>(
  { settings, late }: StepsArgs,
  machine: Machine,
  make: (settings: ClusterSettings, machine: Machine) => R,
): pulumi.Input<R> {
  return late === undefined ? make(settings, machine) : late.render(machine, make);
}

export function controlPlaneMachines(settings: ClusterSettings): readonly Machine[] {
  return controlPlaneOf(settings);
}

/** Raised revision, another name or another instance: another machine. */
function identity({ instances }: StepsArgs, machine: Machine): pulumi.Input<string>[] {
  const instance = instances?.[machine.name];
  return [`${machine.name}@${machine.revision}`, ...(instance === undefined ? [] : [instance])];
}

/** Late values of a step that one machine is rendered in. */
function valuesOf({ values, machineValues }: StepsArgs, machine: Machine): StepsArgs["values"] {
  const own = machineValues?.[machine.name];
  return own === undefined ? values : { ...values, ...own };
}

/** On AWS: refuses a run that the control plane would not survive, before anything is changed. */
export function topologyStep(
  name: string,
  args: Pick<StepsArgs, "settings" | "clusterId" | "values">,
  opts: pulumi.CustomResourceOptions,
): Step {
  return hostStep(
    name,
    {
      ...args,
      sshKeys: {},
      machines: [],
      spec: topologySpec(args.settings),
      operations: ["create", "update"],
    },
    opts,
  );
}

/** On AWS: refuses to let a control-plane node be away while another one is not well. */
export function healthStep(
  name: string,
  args: Pick<StepsArgs, "settings" | "clusterId"> & { readonly kubeconfig: pulumi.Input<string> },
  opts: pulumi.CustomResourceOptions,
): Step {
  return hostStep(
    name,
    {
      ...args,
      sshKeys: {},
      machines: [],
      spec: { step: "health", topology: controlPlaneTopology(args.settings) },
      files: pulumi.output(args.kubeconfig).apply((content) => [{ path: "kubeconfig", content }]),
      operations: ["create", "update"],
    },
    opts,
  );
}

/** On AWS: stands between the instances of two control-plane nodes, of which only one may be away. */
export function settledStep(
  name: string,
  args: Omit<StepsArgs, "controlPlaneFiles">,
  machine: Machine,
  instanceType: string,
  opts: pulumi.CustomResourceOptions,
): Step {
  return hostStep(
    name,
    {
      ...args,
      values: undefined,
      machines: [machine.name],
      spec: { step: "settled", machine: machine.name, address: machine.nodeAddress, instanceType },
      operations: ["create", "update"],
    },
    opts,
  );
}

/** What preflight is told of machines whose addresses come later, and what is wrong with those. */
function toldOf(late: LateSettings): HostStepArgs["told"] {
  return pulumi.all([late.whole.apply(checkedMachines), late.problems]).apply(([machines, problems]) => ({
    machines,
    created: late.created,
    ...(problems === "" ? {} : { problems }),
  }));
}

/** Looks at all machines before one of them is changed. */
export function preflightStep(name: string, args: StepsArgs, opts: pulumi.CustomResourceOptions): Step {
  const { settings, late } = args;
  return hostStep(
    name,
    {
      ...args,
      values: undefined,
      machines: settings.machines.map((machine) => machine.name),
      told: late === undefined ? { machines: checkedMachines(settings) } : toldOf(late),
      // Which keys are in use is told by their values.
      files: pulumi
        .output(args.controlPlaneFiles)
        .apply((files) => files.filter((file) => file.path === paths.wantedEncryption)),
      spec: late === undefined ? preflightSpec(settings) : late.whole.apply((known) => preflightSpec(known)),
      operations: ["create", "update"],
    },
    opts,
  );
}

/**
 * With a firewall on the hosts: all nodes wait for it, so that the one of the run before is deleted when those that leave
 * have left.
 */
export function firewallStep(name: string, args: StepsArgs, opts: pulumi.CustomResourceOptions): Step {
  const { machines } = args.settings;
  return hostStep(
    name,
    {
      ...args,
      values: undefined,
      machines: machines.map((machine) => machine.name),
      spec: {
        step: "firewall",
        controlPlane: controlPlaneMachines(args.settings).map((machine) => machine.name),
      },
      identity: machines.map(({ name, role, nodeAddress }) => {
        const text = `${name} ${role} ${nodeAddress}`;
        return args.late?.resolve(text) ?? text;
      }),
      oldOneLast: true,
      operations: ["create", "update", "delete"],
    },
    opts,
  );
}

/** Node setup of one machine; updated in place, since a raised revision finds either a bare host or a living one. */
export function setupStep(
  name: string,
  args: StepsArgs,
  machine: Machine,
  opts: pulumi.CustomResourceOptions,
): Step {
  return hostStep(
    name,
    {
      ...args,
      // A living node asks a control-plane node for its turn.
      machines: [
        ...new Set([
          machine.name,
          ...controlPlaneMachines(args.settings).map((controlPlaneNode) => controlPlaneNode.name),
        ]),
      ],
      spec: rendered(args, machine, setupSpec),
      files: setupFiles(args, machine),
      operations: ["create", "update", "delete"],
    },
    opts,
  );
}

/** What setup puts on a machine that holds a secret. */
function setupFiles(
  { settings, late, sshKeys }: StepsArgs,
  machine: Machine,
): pulumi.Output<readonly SecretFile[]> {
  const named = Object.fromEntries(setupSecretNames(settings).map((name) => [name, sshKeys[name] ?? ""]));
  return pulumi.secret(
    pulumi
      .output(named)
      .apply((values) =>
        setupSecretFiles(settings, machine.role, values).map(({ path, content }) => ({ path, content })),
      )
      // What the hosts' proxy is not asked for has the addresses of all machines.
      .apply((files) => late?.resolve(files) ?? files),
  );
}

/** A step on all control-plane nodes, rendered for the first of them. It has nothing to delete. */
function controlPlaneStep(
  name: string,
  args: StepsArgs,
  spec: (settings: ClusterSettings) => InitSpec | RestoreSpec,
  opts: pulumi.CustomResourceOptions,
  others: { readonly machines?: readonly Machine[]; readonly environment?: Record<string, string> } = {},
): Step {
  const { environment, machines = [] } = others;
  const controlPlaneNodes = controlPlaneMachines(args.settings);
  const [first] = controlPlaneNodes;
  if (first === undefined) throw new Error("a cluster has at least one control-plane node");
  return hostStep(
    name,
    {
      ...args,
      values: valuesOf(args, first),
      machines: [...controlPlaneNodes, ...machines].map((machine) => machine.name),
      spec: rendered(args, first, spec),
      files: args.controlPlaneFiles,
      ...(environment === undefined ? {} : { environment }),
      operations: ["create", "update"],
    },
    opts,
  );
}

/** kubeadm init: once, on the first control-plane node, whatever becomes of that machine later. */
export function initStep(name: string, args: StepsArgs, opts: pulumi.CustomResourceOptions): Step {
  const ignored = [...INIT_IGNORES, ...(args.settings.aws === undefined ? [] : AWS_INIT_IGNORES)];
  return controlPlaneStep(
    name,
    args,
    initSpec,
    { ...opts, ignoreChanges: ignored.map(({ property }) => property) },
    { environment: { [FIXED_VARIABLE]: JSON.stringify(immutableSettings(args.settings)) } },
  );
}

/** The cluster is put back to a snapshot, once for one name of it; later runs do nothing. It asks workers what they trust. */
export function restoreStep(name: string, args: StepsArgs, opts: pulumi.CustomResourceOptions): Step {
  const machines = args.settings.machines.filter(({ role }) => role === "worker");
  return controlPlaneStep(name, args, restoreSpec, opts, { machines });
}

/** All nodes get the CAs and keys of the stack; nothing to do where they have them. It has nothing to delete. */
export function rotationStep(name: string, args: StepsArgs, opts: pulumi.CustomResourceOptions): Step {
  const { settings, late } = args;
  return hostStep(
    name,
    {
      ...args,
      values: undefined,
      machines: settings.machines.map((machine) => machine.name),
      told:
        late === undefined
          ? { machines: checkedMachines(settings) }
          : late.whole.apply((known) => ({ machines: checkedMachines(known) })),
      files: pulumi
        .output(args.controlPlaneFiles)
        .apply((files) => files.filter(({ path }) => isRotated(path))),
      spec: late === undefined ? rotationSpec(settings) : late.whole.apply((known) => rotationSpec(known)),
      operations: ["create", "update"],
    },
    opts,
  );
}

/** A machine being a node. Its control-plane nodes' connections stay current, so that a later removal finds one. */
export function nodeStep(
  name: string,
  args: StepsArgs,
  machine: Machine,
  opts: pulumi.CustomResourceOptions,
): Step {
  const controlPlaneNodes = controlPlaneMachines(args.settings).map(
    (controlPlaneNode) => controlPlaneNode.name,
  );
  return hostStep(
    name,
    {
      ...args,
      values: valuesOf(args, machine),
      machines: [...new Set([machine.name, ...controlPlaneNodes])],
      spec: rendered(args, machine, nodeStepSpec),
      files: machine.role === "controlPlane" ? args.controlPlaneFiles : [],
      identity: identity(args, machine),
      operations: ["create", "update", "delete"],
    },
    pulumi.mergeOptions(opts, { dependsOn: [...(args.guards ?? [])] }),
  );
}

/** Waits until a pool's instances, which join by themselves, are Ready nodes. */
export function poolReadyStep(
  name: string,
  args: StepsArgs,
  pool: AwsPool,
  opts: pulumi.CustomResourceOptions,
): Step {
  const controlPlaneNodes = controlPlaneMachines(args.settings).map(
    (controlPlaneNode) => controlPlaneNode.name,
  );
  return hostStep(
    name,
    {
      ...args,
      values: undefined,
      machines: controlPlaneNodes,
      spec: {
        step: "poolReady",
        cluster: args.settings.name,
        pool: pool.name,
        wanted: pool.min,
        boot: poolBoot(args.settings, pool),
        timeout: pool.joinTimeoutSeconds,
        rolling: Math.max(args.settings.drainTimeoutSeconds, LET_GO) + WARMUP,
        controlPlaneNodes,
        ...defined({ restored: args.settings.etcd.restore }),
      },
      operations: ["create", "update", "delete"],
    },
    opts,
  );
}
