import * as pulumi from "@pulumi/pulumi";
import { windowsManifests } from "../../model/windows/manifests";
import type { ClusterSettings } from "../../model/settings/resolved";
import { manifestResources } from "../kubernetes/manifest";

export interface WindowsNodesArgs {
  /** Resolved settings; with pools of Windows nodes, else nothing is made. */
  readonly settings: ClusterSettings;
}

/**
 * What Windows nodes need in the cluster: flannel and kube-proxy as processes of the host, each with its own ConfigMap,
 * and a RuntimeClass for each release. Needs flannel's Linux part, whose namespace and service account it is in; none
 * of its pods runs before there is a Windows node, and none is waited for.
 */
export class WindowsNodes extends pulumi.ComponentResource {
  /** The objects, in the order they are made. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: WindowsNodesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:index:WindowsNodes", name, {}, opts);
    this.resources = manifestResources(name, windowsManifests(args.settings), {
      parent: this,
      deletedWith: opts?.deletedWith,
    });
    this.registerOutputs({});
  }
}
