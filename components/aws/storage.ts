import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ADDON_NAMESPACE, STORAGE_ACCOUNT, storageClass, storageValues } from "../../model/aws/addons";
import { storageStatements } from "../../model/aws/iamAddons";
import type { ClusterSettings } from "../../model/settings/resolved";
import { manifestResource } from "../kubernetes/manifest";
import { helmRelease } from "../kubernetes/release";
import { AddonRole, type PodIdentity } from "./podIdentity";

export interface StorageArgs {
  readonly settings: ClusterSettings;
  /** Undefined: it works with the masters' own role. */
  readonly identity?: PodIdentity;
  /** With it goes what is in the cluster; roles outlive it. */
  readonly init: pulumi.Resource;
}

/**
 * EBS CSI driver and the default StorageClass: gp3, encrypted, 8 cents a GiB and month. Volumes of claims are no resources of
 * the stack: those that are there when the cluster is destroyed stay, and cost.
 */
export class Storage extends pulumi.ComponentResource {
  readonly release: k8s.helm.v3.Release;

  constructor(name: string, args: StorageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:Storage", name, {}, opts);
    const { settings, identity, init } = args;
    const role =
      identity &&
      new AddonRole(
        `${name}-identity`,
        {
          settings,
          identity,
          part: "ebs-csi",
          namespace: ADDON_NAMESPACE,
          serviceAccount: STORAGE_ACCOUNT,
          statements: storageStatements(settings),
        },
        { parent: this },
      );
    this.release = helmRelease(
      `${name}-release`,
      {
        chart: "aws-ebs-csi-driver",
        settings,
        namespace: ADDON_NAMESPACE,
        values: storageValues(settings, role?.arn),
      },
      { parent: this, dependsOn: role === undefined ? [] : [role.policy], deletedWith: init },
    );
    manifestResource(`${name}-class`, storageClass(settings), {
      parent: this,
      dependsOn: [this.release],
      deletedWith: init,
    });
    this.registerOutputs({});
  }
}
