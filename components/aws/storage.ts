import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { STORAGE_ACCOUNT, storageClass, storageValues } from "../../model/aws/addons/values";
import { storageStatements } from "../../model/aws/addons/statements";
import { manifestResource } from "../kubernetes/manifest";
import { addonRelease, type AwsAddonArgs } from "./addonRelease";

export type StorageArgs = AwsAddonArgs;

/**
 * The EBS CSI driver and the default StorageClass: gp3, encrypted, 8 cents per GiB and month. The stack does not
 * contain volumes of claims; `onDestroy.volumes` says what a destroy does with them.
 */
export class Storage extends pulumi.ComponentResource {
  /** The EBS CSI driver's chart. */
  readonly release: k8s.helm.v3.Release;
  /** ARN of its role. Undefined with `podIdentity: false`: it uses the control-plane nodes' role. */
  readonly roleArn: pulumi.Output<string> | undefined;

  constructor(name: string, args: StorageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:Storage", name, {}, opts);
    const { settings, init } = args;
    const { release, roleArn } = addonRelease(
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
    this.release = release;
    this.roleArn = roleArn;
    manifestResource(`${name}-class`, storageClass(settings), {
      parent: this,
      dependsOn: [this.release],
      deletedWith: init,
    });
    this.registerOutputs({});
  }
}
