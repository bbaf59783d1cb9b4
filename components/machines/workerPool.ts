import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../model/settings/resolved";
import { nodeStep, setupStep, type StepsArgs } from "./steps";

export interface WorkerPoolArgs extends StepsArgs {
  /** The pool's name in the settings. */
  readonly pool: string;
  /** Resources that must exist before a step touches a host. */
  readonly after: readonly pulumi.Resource[];
  /** Control-plane nodes: workers join, and are upgraded, after them. */
  readonly controlPlaneNodes: readonly pulumi.Resource[];
}

/** Names of the pools that machines are in. */
export function poolsOf(settings: ClusterSettings): string[] {
  const workers = settings.machines.filter((machine) => machine.role === "worker");
  return [...new Set(workers.map((machine) => machine.pool))];
}

/** A named set of similar workers on existing machines: two resources per machine. */
export class WorkerPool extends pulumi.ComponentResource {
  /** The pool's name in the settings. */
  readonly pool: string;
  /** Names of the pool's nodes. */
  readonly nodes: readonly string[];
  /** One for each node, in the order of `nodes`. */
  readonly nodeSteps: readonly command.local.Command[];
  /** Ends when the pool's machines are nodes. */
  readonly nodesReady: readonly pulumi.Resource[];

  constructor(name: string, args: WorkerPoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:index:WorkerPool", name, {}, opts);
    const machines = args.settings.machines.filter(
      (machine) => machine.role === "worker" && machine.pool === args.pool,
    );
    this.pool = args.pool;
    this.nodes = machines.map((machine) => machine.name);
    this.nodeSteps = machines.map((machine) => {
      const setup = setupStep(`${name}-${machine.name}-setup`, args, machine, {
        parent: this,
        dependsOn: [...args.after],
      });
      return nodeStep(`${name}-${machine.name}-node`, args, machine, {
        parent: this,
        dependsOn: [setup, ...args.controlPlaneNodes],
      });
    });
    this.nodesReady = this.nodeSteps;
    this.registerOutputs({ pool: this.pool, nodes: this.nodes });
  }
}
