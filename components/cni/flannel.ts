import * as pulumi from "@pulumi/pulumi";
import { withCni } from "../../model/cni";
import { parseCni, type CniAround } from "../../model/cni/alone";
import type { FlannelInput } from "../../model/cni/flannel/settings";
import { flannelManifests } from "../../model/cni/flannel/manifests";
import type { FlannelSpec } from "../../model/cni/flannel/spec";
import { checked, partOf, partResources, type Later, type Samples, type WithInputs } from "../part";
import type { CreateCni } from ".";

/**
 * Arguments of `Flannel`. Every argument has a default. `backend` and `networkPolicy` are plain values, because they
 * determine which resources exist.
 */
export interface FlannelArgs extends WithInputs<
  Omit<FlannelInput, "kind">,
  "podCidr" | "mtu" | "vni" | "port" | "resources"
> {
  /** MTU of the nodes' network in bytes. @defaultValue what flannel reads from a node's interface */
  network?: { mtu?: pulumi.Input<number> };
  /**
   * What the cluster's kube-proxy writes its rules with.
   *
   * @defaultValue `nftables`
   */
  kubeProxy?: CniAround["kubeProxy"];
  /**
   * Tags of flannel's images.
   *
   * @defaultValue the releases that the library is tested with
   */
  versions?: Later<NonNullable<CniAround["versions"]>>;
}

const SAMPLES: Samples = {
  podCidr: () => "10.255.0.0/16",
  mtu: () => 1450,
  vni: () => 4096,
  port: () => 4789,
  resources: () => ({}),
  "network.mtu": () => 9001,
  versions: () => ({}),
  "versions.*": () => "v1.0.0",
};

/**
 * flannel: namespace, RBAC, configuration and DaemonSet. Pass the cluster's provider as `provider`, and the cluster's
 * init as `deletedWith`, so that a destroy does not call an API that is gone.
 *
 * ```ts
 * new Flannel("net", { podCidr: "10.244.0.0/16", backend: "vxlan" }, { provider });
 * ```
 *
 * Pods get addresses from their Node's `podCIDR`, so kube-controller-manager must allocate it, as it does with
 * kubeadm's `networking.podSubnet`.
 *
 * A changed port, identifier or MTU replaces the pods of the DaemonSet, a tenth of the nodes at a time. Each flanneld
 * creates its link again with the new values (flannel pkg/backend/vxlan/device.go: it deletes a link with other
 * values; a link with another identifier has another name, and an init container deletes it) and moves its routes to
 * it. Until all nodes have changed, pods on changed and unchanged nodes do not reach each other; pods on the same
 * node do. flannel advises against changing the backend of a running cluster (Documentation/backends.md).
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Flannel extends pulumi.ComponentResource {
  /** The objects in the cluster, in the order in which they are created. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: FlannelArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    const part = partOf<FlannelSpec>("Flannel", name, args, SAMPLES, (given, title) =>
      parseCni(
        "flannel",
        ["network.mtu", "kubeProxy.mode", "versions.flannel", "versions.flannelCniPlugin"],
        given,
        title,
      ),
    );
    super("kubeadm:index:Flannel", name, {}, opts);
    this.resources = partResources(name, part, flannelManifests, {
      parent: this,
      // The engine would hand it down by itself; written out, the plan shows it.
      deletedWith: opts?.deletedWith,
    });
    this.registerOutputs({});
  }
}

/** flannel of a cluster's settings. */
export const createFlannel: CreateCni = (name, { settings }, opts) => ({
  network: new Flannel(name, checked<FlannelArgs, FlannelSpec>(withCni(settings, "flannel")), opts),
});
