import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { setupStep, type StepsArgs } from "./steps";

export interface LoadBalancerArgs extends StepsArgs {
  /** Resources that must exist before a step touches a host. */
  readonly after: readonly pulumi.Resource[];
}

/** nginx in stream mode in front of the API servers, on machines that are not nodes. One resource per machine. */
export class LoadBalancer extends pulumi.ComponentResource {
  /** One for each machine of role loadBalancer. */
  readonly setups: readonly command.local.Command[];

  constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:index:LoadBalancer", name, {}, opts);
    this.setups = args.settings.machines
      .filter((machine) => machine.role === "loadBalancer")
      .map((machine) =>
        setupStep(`${name}-${machine.name}-setup`, args, machine, {
          parent: this,
          dependsOn: [...args.after],
        }),
      );
    this.registerOutputs({});
  }
}
