import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { ADDON_NAMESPACE } from "../../model/aws/addons/values";
import type { Statement } from "../../model/aws/statement";
import type { ClusterSettings } from "../../model/settings/resolved";
import { helmRelease, type HelmReleaseArgs } from "../kubernetes/release";
import { AddonRole, type PodIdentity } from "./podIdentity";

/** What AWS' add-ons share. */
export interface AwsAddonArgs {
  readonly settings: ClusterSettings;
  /** Undefined: it works with the control-plane nodes' own role. */
  readonly identity?: PodIdentity;
  /** With it goes what is in the cluster; roles outlive it. */
  readonly init: pulumi.Resource;
}

export interface AddonRelease {
  readonly chart: HelmReleaseArgs["chart"];
  /** Part of the role's name. */
  readonly part: string;
  readonly serviceAccount: string;
  readonly statements: readonly Statement[];
  /** Values of the chart, with the role's ARN if it has one. */
  readonly values: (roleArn: pulumi.Input<string> | undefined) => HelmReleaseArgs["values"];
}

export interface MadeAddon {
  readonly release: k8s.helm.v3.Release;
  /** ARN of its role; undefined: it works with the control-plane nodes' own. */
  readonly roleArn: pulumi.Output<string> | undefined;
}

/** A chart that talks to AWS, with its own role where pods have identities: `<name>-identity`, `<name>-release`. */
export function addonRelease(
  name: string,
  { settings, identity, init }: AwsAddonArgs,
  { chart, part, serviceAccount, statements, values }: AddonRelease,
  parent: pulumi.Resource,
): MadeAddon {
  const role =
    identity &&
    new AddonRole(
      `${name}-identity`,
      { identity, part, namespace: ADDON_NAMESPACE, serviceAccount, statements },
      { parent },
    );
  const release = helmRelease(
    `${name}-release`,
    { chart, helm: settings.addons.helm, namespace: ADDON_NAMESPACE, values: values(role?.arn) },
    { parent, dependsOn: role === undefined ? [] : [role.policy], deletedWith: init },
  );
  return { release, roleArn: role?.arn };
}
