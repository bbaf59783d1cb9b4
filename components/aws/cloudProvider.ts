import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ADDON_NAMESPACE, CLOUD_CONTROLLER_ACCOUNT, cloudControllerValues } from "../../model/aws/addons";
import { cloudControllerStatements } from "../../model/aws/iamAddons";
import type { ClusterSettings } from "../../model/settings/resolved";
import { helmRelease } from "../kubernetes/release";
import { AddonRole, type PodIdentity } from "./podIdentity";

export interface CloudProviderArgs {
  readonly settings: ClusterSettings;
  /** Undefined: it works with the masters' own role. */
  readonly identity?: PodIdentity;
  /** With it goes what is in the cluster; roles outlive it. */
  readonly init: pulumi.Resource;
}

/**
 * AWS' cloud controller manager on the masters: it tells nodes their addresses, zones and types, takes the taint from new ones,
 * and makes balancers for Services, which cost about 17 dollars a month each. CoreDNS comes after it, since no pod is placed on
 * a node that it has not seen.
 */
export class CloudProvider extends pulumi.ComponentResource {
  readonly release: k8s.helm.v3.Release;

  constructor(name: string, args: CloudProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:CloudProvider", name, {}, opts);
    const { settings, identity, init } = args;
    const role =
      identity &&
      new AddonRole(
        `${name}-identity`,
        {
          settings,
          identity,
          part: "cloud-controller",
          namespace: ADDON_NAMESPACE,
          serviceAccount: CLOUD_CONTROLLER_ACCOUNT,
          statements: cloudControllerStatements(settings),
        },
        { parent: this },
      );
    this.release = helmRelease(
      `${name}-release`,
      {
        chart: "aws-cloud-controller-manager",
        settings,
        namespace: ADDON_NAMESPACE,
        values: cloudControllerValues(settings, role?.arn),
      },
      { parent: this, dependsOn: role === undefined ? [] : [role.policy], deletedWith: init },
    );
    this.registerOutputs({});
  }
}
