import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import {
  initStep,
  controlPlaneMachines,
  nodeStep,
  restoreStep,
  rotationStep,
  setupStep,
  type StepsArgs,
} from "../machines/steps";

export interface ControlPlaneArgs extends StepsArgs {
  /** Resources that must exist before a step touches a control-plane node: preflight, and a load balancer. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * The control-plane nodes: setups in parallel, init once, then one node step after the other, because two
 * control-plane nodes that join at once can cost etcd its quorum.
 */
export class ControlPlane extends pulumi.ComponentResource {
  /** Runs `kubeadm init` once in the cluster's life. Everything in the cluster waits for it. */
  readonly init: command.local.Command;
  /** Resolves when the API answers to the administrator's credentials: after init, a restore and a rotation. */
  readonly answers: pulumi.Output<readonly string[]>;
  /**
   * Node setups; empty on AWS. Setups of workers run after them, so a mistake that breaks a control-plane node does
   * not break workers.
   */
  readonly setups: readonly command.local.Command[];
  /** Node steps, in the order of the settings. */
  readonly nodeSteps: readonly command.local.Command[];
  /** Steps over all nodes, which each node's own step follows. */
  private readonly nodesFollow: readonly command.local.Command[];

  constructor(name: string, args: ControlPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:index:ControlPlane", name, {}, opts);
    const controlPlaneNodes = controlPlaneMachines(args.settings);
    // On AWS init and node steps bring the setup along.
    const setups =
      args.settings.aws === undefined
        ? controlPlaneNodes.map((machine) =>
            setupStep(`${name}-${machine.name}-setup`, args, machine, {
              parent: this,
              dependsOn: [...args.after],
            }),
          )
        : [];
    this.setups = setups;
    const before = setups.length > 0 ? setups : [...args.after];
    this.init = initStep(`${name}-init`, args, { parent: this, dependsOn: before });
    const { restore } = args.settings.etcd;
    // On AWS what refuses a run refuses this too, with `--continue-on-error` as well.
    const guards = args.settings.aws === undefined ? [] : (args.guards ?? []);
    const restored =
      restore === undefined
        ? []
        : [
            restoreStep(`${name}-restore`, args, {
              parent: this,
              dependsOn: [this.init, ...setups, ...guards],
            }),
          ];
    const { rotation } = args.settings.certificates;
    const rotated =
      rotation === undefined
        ? []
        : [
            rotationStep(`${name}-rotation`, args, {
              parent: this,
              dependsOn: [this.init, ...restored, ...setups],
            }),
          ];
    this.answers = pulumi.all([this.init, ...restored, ...rotated].map((step) => step.stdout));
    this.nodesFollow = [...restored, ...rotated];
    const nodeSteps: command.local.Command[] = [];
    controlPlaneNodes.forEach((machine, index) => {
      const earlier = [
        this.init,
        ...this.nodesFollow,
        ...setups.slice(index, index + 1),
        ...nodeSteps.slice(-1),
      ];
      nodeSteps.push(
        nodeStep(`${name}-${machine.name}-node`, args, machine, {
          parent: this,
          dependsOn: earlier,
        }),
      );
    });
    this.nodeSteps = nodeSteps;
    this.registerOutputs({ init: this.init.stdout });
  }
}
