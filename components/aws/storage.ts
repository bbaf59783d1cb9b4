import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { STORAGE_ACCOUNT, storageClass, storageValues } from "../../model/aws/addons";
import { storageStatements } from "../../model/aws/iamAddons";
import { manifestResource } from "../kubernetes/manifest";
import { addonRelease, type AwsAddonArgs } from "./addonRelease";

export type StorageArgs = AwsAddonArgs;

/**
 * EBS CSI driver and the default StorageClass: gp3, encrypted, 8 cents a GiB and month. Volumes of claims are no resources of
 * the stack: those that are there when the cluster is destroyed stay, and cost.
 */
export class Storage extends pulumi.ComponentResource {
  /** The EBS CSI driver's chart. */
  readonly release: k8s.helm.v3.Release;

  constructor(name: string, args: StorageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:Storage", name, {}, opts);
    const { settings, init } = args;
    this.release = addonRelease(
      name,
      args,
      {
        chart: "aws-ebs-csi-driver",
        part: "ebs-csi",
        serviceAccount: STORAGE_ACCOUNT,
        statements: storageStatements(settings),
        values: (roleArn) => storageValues(settings, roleArn),
      },
      this,
    );
    manifestResource(`${name}-class`, storageClass(settings), {
      parent: this,
      dependsOn: [this.release],
      deletedWith: init,
    });
    this.registerOutputs({});
  }
}
