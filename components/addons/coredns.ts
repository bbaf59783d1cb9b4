import * as pulumi from "@pulumi/pulumi";
import { corednsManifests } from "../../model/addons/coredns/manifests";
import type { KubernetesObject } from "../../model/kubernetes";
import type { ClusterSettings } from "../../model/settings/resolved";
import { manifestResources } from "../kubernetes/manifest";
import { requireArguments } from "../arguments";

export interface CoreDnsArgs {
  /** Resolved settings: Service address, domain, and all of `coredns` are read from them. */
  readonly settings: ClusterSettings;
}

/**
 * Cluster DNS: the library's CoreDNS, behind Service `kube-dns`. It becomes ready once pods have a network, so it must
 * depend on the CNI. Give it the cluster's provider by `provider` and `deletedWith` the cluster's init.
 *
 * A changed Corefile rolls the Deployment, one pod at a time. With a cache on every node the Service is the last to
 * change: pods ask the caches when these are there.
 */
export class CoreDns extends pulumi.ComponentResource {
  /** The objects, in the order they are made. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: CoreDnsArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("CoreDns", name, args, ["settings"]);
    super("kubeadm:addons:CoreDns", name, {}, opts);
    const inside: pulumi.CustomResourceOptions = {
      parent: this,
      // The engine would hand it down by itself; written out, the plan shows it.
      deletedWith: opts?.deletedWith,
    };
    const objects = corednsManifests(args.settings);
    if (args.settings.coredns.nodeLocal === undefined) {
      this.resources = manifestResources(name, objects, inside);
    } else {
      const servers = manifestResources(
        name,
        objects.filter((object) => !isFront(object)),
        inside,
      );
      const front = manifestResources(name, objects.filter(isFront), { ...inside, dependsOn: servers });
      this.resources = [...servers, ...front];
    }
    this.registerOutputs({});
  }
}

/** The Service that pods ask. */
function isFront(object: KubernetesObject): boolean {
  return object.kind === "Service" && object.metadata.name === "kube-dns";
}
