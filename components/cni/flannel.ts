import * as pulumi from "@pulumi/pulumi";
import { withCni } from "../../model/cni";
import { parseCni, type CniAround } from "../../model/cni/alone";
import type { FlannelInput } from "../../model/cni/flannel/settings";
import { flannelManifests } from "../../model/cni/flannel/manifests";
import type { FlannelSpec } from "../../model/cni/flannel/spec";
import { Checked, partOf, partResources, type Later, type Samples, type WithInputs } from "../part";
import type { CreateCni } from ".";

/**
 * flannel; every argument has a default. Backend and `networkPolicy` are plain, because they determine which resources exist.
 */
export interface FlannelArgs extends WithInputs<
  Omit<FlannelInput, "kind">,
  "podCidr" | "mtu" | "vni" | "port" | "resources"
> {
  /** MTU of the nodes' network in bytes. @defaultValue what flannel reads from a node's interface */
  network?: { mtu?: pulumi.Input<number> };
  /** What the cluster's kube-proxy writes its rules with. @defaultValue `nftables` */
  kubeProxy?: CniAround["kubeProxy"];
  /** Tags of flannel's images. @defaultValue the releases that the library is tested with */
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
 * flannel in the cluster: namespace, RBAC, configuration and DaemonSet. Give it the cluster's provider by `provider` and,
 * so that a destroy does not ask a cluster that is gone, `deletedWith` the cluster's init.
 *
 * ```ts
 * new Flannel("net", { podCidr: "10.244.0.0/16", backend: "vxlan" }, { provider });
 * ```
 *
 * Pods have addresses of their Node's `podCIDR`, so kube-controller-manager must hand out slices, as kubeadm has it with
 * `networking.podSubnet`.
 *
 * A changed port, identifier or MTU rolls the DaemonSet, a tenth of the nodes at a time. Each flanneld makes its link anew
 * with the new values (flannel pkg/backend/vxlan/device.go: a link of other values is deleted; one of another identifier has
 * another name, and an init container deletes it) and leads its routes over it. Meanwhile nodes before and after the change
 * do not reach each other's pods, and pods of one node do. flannel asks not to change the backend itself of a living
 * cluster (Documentation/backends.md).
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Flannel extends pulumi.ComponentResource {
  /** The objects, in the order they are created. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(
    name: string,
    args: FlannelArgs | Checked<FlannelSpec> = {},
    opts?: pulumi.ComponentResourceOptions,
  ) {
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
export const createFlannel: CreateCni = (name, { settings }, opts) =>
  new Flannel(name, new Checked(withCni(settings, "flannel")), opts);
