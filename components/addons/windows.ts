import * as pulumi from "@pulumi/pulumi";
import { windowsManifests } from "../../model/windows/manifests";
import type { ClusterSettings } from "../../model/settings/resolved";
import { manifestResources } from "../kubernetes/manifest";

export interface WindowsNodesArgs {
  /** Parsed settings. Without pools of Windows nodes the component creates nothing. */
  readonly settings: ClusterSettings;
}

/**
 * What Windows nodes need in the cluster: flannel and kube-proxy as host processes, each with its own ConfigMap,
 * and a RuntimeClass for each Windows release. It uses the namespace and service account of flannel for Linux. Its
 * pods start when a Windows node joins; the component does not wait for them.
 */
export class WindowsNodes extends pulumi.ComponentResource {
  /** The objects, in the order they are created. */
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
