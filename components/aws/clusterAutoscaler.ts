import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterAutoscalerSettings } from "../../model/aws/autoscaler/settings";
import { autoscalerStatements } from "../../model/aws/autoscaler/statements";
import { AUTOSCALER_ACCOUNT, autoscalerValues } from "../../model/aws/autoscaler/values";
import { addonRelease, type AwsAddonArgs } from "./addonRelease";

export interface ClusterAutoscalerArgs extends AwsAddonArgs {
  readonly autoscaler: ClusterAutoscalerSettings;
}

/** Cluster Autoscaler on a control-plane node: it sets the size of pools with `min` and `max`, from zero on. */
export class ClusterAutoscaler extends pulumi.ComponentResource {
  /** Its chart. */
  readonly release: k8s.helm.v3.Release;

  constructor(name: string, args: ClusterAutoscalerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:ClusterAutoscaler", name, {}, opts);
    const { settings, autoscaler } = args;
    this.release = addonRelease(
      name,
      args,
      {
        chart: "cluster-autoscaler",
        part: "autoscaler",
        serviceAccount: AUTOSCALER_ACCOUNT,
        statements: autoscalerStatements(settings),
        values: (roleArn) => autoscalerValues(settings, autoscaler, roleArn),
      },
      this,
    ).release;
    this.registerOutputs({});
  }
}
