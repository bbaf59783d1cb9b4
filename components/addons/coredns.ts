import * as pulumi from "@pulumi/pulumi";
import { corednsManifests } from "../../model/addons/coredns";
import type { ClusterSettings } from "../../model/settings/resolved";
import { manifestResources } from "../kubernetes/manifest";

export interface CoreDnsArgs {
  /** Resolved settings: Service address, domain, resolvers, stub domains, replicas and version are read from them. */
  readonly settings: ClusterSettings;
}

/**
 * Cluster DNS: the library's CoreDNS, behind Service `kube-dns`. It becomes ready once pods have a network, so it must
 * depend on the CNI. Give it the cluster's provider by `provider` and `deletedWith` the cluster's init.
 *
 * A changed Corefile rolls the Deployment, one pod at a time.
 */
export class CoreDns extends pulumi.ComponentResource {
  /** The objects, in the order they are made. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: CoreDnsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:addons:CoreDns", name, {}, opts);
    this.resources = manifestResources(name, corednsManifests(args.settings), {
      parent: this,
      // The engine would hand it down by itself; written out, the plan shows it.
      deletedWith: opts?.deletedWith,
    });
    this.registerOutputs({});
  }
}
