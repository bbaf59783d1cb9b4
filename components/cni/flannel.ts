import * as pulumi from "@pulumi/pulumi";
import { withCni } from "../../model/cni";
import { flannelManifests } from "../../model/cni/flannel/manifests";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { CreateCni } from ".";
import { manifestResources } from "../kubernetes/manifest";
import { onlyWithCni, requireArguments } from "../arguments";

export interface FlannelArgs {
  /** Resolved settings: pod range, backend, versions and kube-proxy's mode are read from them. */
  readonly settings: ClusterSettings;
}

/**
 * flannel in the cluster: namespace, RBAC, configuration and DaemonSet. Give it the cluster's provider by `provider` and,
 * so that a destroy does not ask a cluster that is gone, `deletedWith` the cluster's init.
 *
 * A changed port, identifier or MTU rolls the DaemonSet, a tenth of the nodes at a time. Each flanneld makes its link anew
 * with the new values (flannel pkg/backend/vxlan/device.go: a link of other values is deleted; one of another identifier has
 * another name, and an init container deletes it) and leads its routes over it. Meanwhile nodes before and after the change
 * do not reach each other's pods, and pods of one node do. flannel asks not to change the backend itself of a living
 * cluster (Documentation/backends.md).
 */
export class Flannel extends pulumi.ComponentResource {
  /** The objects, in the order they are made. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: FlannelArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("Flannel", name, args, ["settings"], (given) => [onlyWithCni(given, "flannel")]);
    super("kubeadm:cni:Flannel", name, {}, opts);
    this.resources = manifestResources(name, flannelManifests(withCni(args.settings, "flannel")), {
      parent: this,
      // The engine would hand it down by itself; written out, the plan shows it.
      deletedWith: opts?.deletedWith,
    });
    this.registerOutputs({});
  }
}

/** flannel of a cluster's settings. */
export const createFlannel: CreateCni = (name, { settings }, opts) => new Flannel(name, { settings }, opts);
