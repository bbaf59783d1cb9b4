import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { LoadBalancerControllerSettings } from "../../model/aws/loadBalancers/settings";
import { loadBalancerStatements } from "../../model/aws/loadBalancers/statements";
import { LOAD_BALANCERS_ACCOUNT, loadBalancerControllerValues } from "../../model/aws/loadBalancers/values";
import { addonRelease, type AwsAddonArgs } from "./addonRelease";

export interface LoadBalancerControllerArgs extends AwsAddonArgs {
  readonly controller: LoadBalancerControllerSettings;
  readonly vpcId: pulumi.Input<string>;
}

/** AWS Load Balancer Controller on control-plane nodes: application and network load balancers, about 17 dollars a month each. */
export class LoadBalancerController extends pulumi.ComponentResource {
  /** Its chart. */
  readonly release: k8s.helm.v3.Release;
  /** ARN of its role. Undefined with `podIdentity: false`: it uses the control-plane nodes' role. */
  readonly roleArn: pulumi.Output<string> | undefined;

  constructor(name: string, args: LoadBalancerControllerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:LoadBalancerController", name, {}, opts);
    const { settings, controller, vpcId } = args;
    const { release, roleArn } = addonRelease(
      name,
      args,
      {
        chart: "aws-load-balancer-controller",
        part: "load-balancers",
        serviceAccount: LOAD_BALANCERS_ACCOUNT,
        statements: loadBalancerStatements(settings),
        values: (role) => loadBalancerControllerValues(settings, controller, { role, vpcId }),
      },
      this,
    );
    this.release = release;
    this.roleArn = roleArn;
    this.registerOutputs({});
  }
}
