import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import {
  CLUSTER_VARIABLE,
  SPEC_VARIABLE,
  type Connection,
  type Operation,
  type SecretFile,
  type StepSpec,
} from "../../host/protocol";
import type { ClusterSettings } from "../../model/settings/resolved";

/** Private SSH keys by their name in `kubeadm:secrets`. */
export type SshKeys = Readonly<Record<string, pulumi.Input<string>>>;

export interface HostStepArgs {
  readonly spec: StepSpec;
  /** SHA-256 of the cluster CA's certificate. */
  readonly clusterId: pulumi.Input<string>;
  /** Machines the step may connect to. */
  readonly machines: readonly string[];
  readonly settings: ClusterSettings;
  readonly sshKeys: SshKeys;
  /** Written on the host with mode 0600 before its script runs. */
  readonly files?: pulumi.Input<readonly SecretFile[]>;
  /** More environment variables; free of secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The machine's identity: when it changes, the step is replaced, the old one deleted first. */
  readonly identity?: string;
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
        [SPEC_VARIABLE]: JSON.stringify(args.spec),
        [CLUSTER_VARIABLE]: args.clusterId,
        ...args.environment,
      },
      stdin: standardInput(args),
      triggers: args.identity === undefined ? undefined : [args.identity],
    },
    pulumi.mergeOptions(opts, args.identity === undefined ? {} : { deleteBeforeReplace: true }),
  );
}

function standardInput(args: HostStepArgs): pulumi.Output<string> {
  const targets = args.machines.map((name) => {
    const machine = args.settings.machines.find((candidate) => candidate.name === name);
    if (!machine) throw new Error(`no machine is named ${name}`);
    return { name, ssh: machine.ssh };
  });
  const { bastion } = args.settings;
  return pulumi.secret(
    pulumi.all([pulumi.output(args.sshKeys), pulumi.output(args.files ?? [])]).apply(([keys, files]) => {
      const open = (ssh: Omit<Connection, "privateKey"> & { key: string }): Connection => ({
        host: ssh.host,
        port: ssh.port,
        user: ssh.user,
        hostKey: ssh.hostKey,
        privateKey: keys[ssh.key] ?? "",
      });
      return JSON.stringify({
        connections: Object.fromEntries(targets.map((target) => [target.name, open(target.ssh)])),
        ...(bastion ? { bastion: open(bastion) } : {}),
        files,
      });
    }),
  );
}
