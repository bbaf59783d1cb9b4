import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import {
  CLUSTER_VARIABLE,
  SPEC_VARIABLE,
  VALUES_VARIABLE,
  type Connection,
  type Operation,
  type SecretFile,
  type StepInput,
  type StepSpec,
} from "../../host/protocol";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { LateSettings } from "../late";

/** Private SSH keys by their name in `kubeadm:secrets`. */
export type SshKeys = Readonly<Record<string, pulumi.Input<string>>>;

/** How hosts that a cloud makes are reached: by machine, once the cloud has said where they are. */
export type Connections = Readonly<Record<string, pulumi.Input<Connection>>>;

export interface HostStepArgs {
  /** What the step does. An output where it has addresses that come later. */
  readonly spec: pulumi.Input<StepSpec>;
  /** SHA-256 of the cluster CA's certificate. */
  readonly clusterId: pulumi.Input<string>;
  /** Machines the step may connect to. */
  readonly machines: readonly string[];
  readonly settings: ClusterSettings;
  /** Values of the settings that come later; undefined: all of them are there. */
  readonly late?: LateSettings;
  readonly sshKeys: SshKeys;
  /** Private keys by machine, where a pool brings its own: they go before those of that name in `sshKeys`. Default: none. */
  readonly machineKeys?: SshKeys;
  /** In place of what the settings say of SSH. */
  readonly connections?: Connections;
  readonly bastion?: pulumi.Input<Connection>;
  /** What only the cloud knows, by the token that stands for it in the specification; no secret. */
  readonly values?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Written on the host with mode 0600 before its script runs. */
  readonly files?: pulumi.Input<readonly SecretFile[]>;
  /** Preflight: what it is told by standard input besides. */
  readonly told?: pulumi.Input<Pick<StepInput, "machines" | "created" | "problems">>;
  /** More environment variables; free of secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The machine's identity: when it changes, the step is replaced, the old one deleted first. */
  readonly identity?: readonly pulumi.Input<string>[];
  /** With an identity: the old step is deleted when everything else is done. */
  readonly oldOneLast?: boolean;
  readonly operations: readonly Operation[];
}

/**
 * The one door to a host: `local.Command` running the package's own program. The command's text is the same on every
 * machine that runs Pulumi; connections and keys go by standard input, which is watched, so that a rotated key reaches
 * a later delete.
 */
export function hostStep(
  name: string,
  args: HostStepArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const text = (operation: Operation): string | undefined =>
    args.operations.includes(operation)
      ? `require("pulumi-kubeadm/host").main(${JSON.stringify(operation)})`
      : undefined;
  return new command.local.Command(
    name,
    {
      interpreter: ["node", "-e"],
      create: text("create"),
      update: text("update"),
      delete: text("delete"),
      environment: {
        [SPEC_VARIABLE]: jsonOf(args.spec),
        [CLUSTER_VARIABLE]: args.clusterId,
        ...(args.values === undefined ? {} : { [VALUES_VARIABLE]: pulumi.jsonStringify(args.values) }),
        ...args.environment,
      },
      stdin: standardInput(args),
      triggers: args.identity === undefined ? undefined : [...args.identity],
    },
    pulumi.mergeOptions(
      opts,
      args.identity === undefined || args.oldOneLast === true ? {} : { deleteBeforeReplace: true },
    ),
  );
}

function jsonOf(spec: HostStepArgs["spec"]): pulumi.Input<string> {
  // Not pulumi.jsonStringify, which would make an output of a specification that is there.
  return pulumi.Output.isInstance(spec) ? spec.apply((known) => JSON.stringify(known)) : JSON.stringify(spec);
}

function standardInput(args: HostStepArgs): pulumi.Output<string> {
  return pulumi.secret(
    pulumi
      .all([connectionsOf(args), bastionOf(args), pulumi.output(args.files ?? []), pulumi.output(args.told)])
      .apply(([connections, bastion, files, told]) =>
        JSON.stringify({
          connections,
          ...(bastion ? { bastion } : {}),
          files,
          ...told,
        }),
      ),
  );
}

/** How to log in, when the addresses are known. */
function resolved<T>({ late }: HostStepArgs, ssh: T): pulumi.Output<T> {
  return late === undefined ? (pulumi.output(ssh) as pulumi.Output<T>) : late.resolve(ssh);
}

function connectionsOf(args: HostStepArgs): pulumi.Output<Readonly<Record<string, Connection>>> {
  const { connections: given } = args;
  const targets = args.machines.map((name) => {
    const machine = args.settings.machines.find((candidate) => candidate.name === name);
    if (!machine) throw new Error(`no machine is named ${name}`);
    return { name, ssh: machine.ssh };
  });
  if (given === undefined) {
    return pulumi
      .all([pulumi.output(args.sshKeys), pulumi.output(ownKeys(args)), resolved(args, targets)])
      .apply(([keys, own, known]) =>
        Object.fromEntries(
          known.map(({ name, ssh }) => [name, open(ssh, { ...keys, ...keyOf(ssh.key, own[name]) })]),
        ),
      );
  }
  const missing = targets.find(({ name }) => !(name in given));
  if (missing !== undefined) throw new Error(`there is no connection to ${missing.name}`);
  return pulumi.output(Object.fromEntries(targets.map(({ name }) => [name, given[name]])));
}

/** Keys of the machines that the step connects to, and of no other. */
function ownKeys({ machines, machineKeys = {} }: HostStepArgs): SshKeys {
  return Object.fromEntries(
    machines.flatMap((name) => (name in machineKeys ? [[name, machineKeys[name]]] : [])),
  );
}

function keyOf(name: string, key: string | undefined): Readonly<Record<string, string>> {
  return key === undefined ? {} : { [name]: key };
}

function bastionOf(args: HostStepArgs): pulumi.Output<Connection | undefined> {
  if (args.bastion !== undefined) return pulumi.output(args.bastion);
  const { bastion } = args.settings;
  return pulumi
    .all([pulumi.output(args.sshKeys), resolved(args, bastion)])
    .apply(([keys, known]) => known && open(known, keys));
}

function open(
  ssh: Omit<Connection, "privateKey"> & { readonly key: string },
  keys: Readonly<Record<string, string>>,
): Connection {
  const { host, port, user, hostKey, key } = ssh;
  return { host, port, user, hostKey, privateKey: keys[key] ?? "" };
}
