import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CLOUD_CONTROLLER_ACCOUNT, cloudControllerValues } from "../../model/aws/addons/values";
import { cloudControllerStatements } from "../../model/aws/addons/statements";
import { addonRelease, type AwsAddonArgs } from "./addonRelease";

export type CloudProviderArgs = AwsAddonArgs;

/**
 * AWS' cloud controller manager on the control-plane nodes. It sets nodes' addresses, zones and types, removes the
 * taint from new nodes, and creates load balancers for Services, about 17 dollars a month each. CoreDNS comes
 * after it, because no pod can run on a node it has not initialised.
 */
export class CloudProvider extends pulumi.ComponentResource {
  /** The cloud controller manager's chart. */
  readonly release: k8s.helm.v3.Release;
  /** ARN of its role. Undefined with `podIdentity: false`: it uses the control-plane nodes' role. */
  readonly roleArn: pulumi.Output<string> | undefined;

  constructor(name: string, args: CloudProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:CloudProvider", name, {}, opts);
    const { settings } = args;
    const { release, roleArn } = addonRelease(
      name,
      args,
      {
        chart: "aws-cloud-controller-manager",
        part: "cloud-controller",
        serviceAccount: CLOUD_CONTROLLER_ACCOUNT,
        statements: cloudControllerStatements(settings),
        values: (roleArn) => cloudControllerValues(settings, roleArn),
      },
      this,
    );
    this.release = release;
    this.roleArn = roleArn;
    this.registerOutputs({});
  }
}
