import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { withCni } from "../../model/cni";
import { parseCilium, type CiliumAloneInput } from "../../model/cni/cilium/alone";
import type { CiliumSpec } from "../../model/cni/cilium/spec";
import { CILIUM_NAMESPACE, ciliumValues } from "../../model/cni/cilium/values";
import { helmRelease, type HelmReleaseArgs } from "../kubernetes/release";
import { Checked } from "../part";
import { reporting } from "../settingsError";
import type { CreateCni } from ".";

/** Cilium on any cluster; every argument has a default. */
export type CiliumArgs = CiliumAloneInput;

interface CiliumRelease {
  readonly cilium: CiliumSpec;
  /** Where charts come from; upstream's where it is left out. */
  readonly helm?: HelmReleaseArgs["helm"];
}

/**
 * Cilium in the cluster: its chart as one release. Give it the cluster's provider by `provider` and `deletedWith` the
 * cluster's init. Not tried on a live cluster.
 *
 * ```ts
 * new Cilium("net", { backend: "geneve", hubble: { relay: true } }, { provider });
 * ```
 *
 * Pods have addresses of their Node's `podCIDR`, so kube-controller-manager must hand out slices, as kubeadm has it with
 * `networking.podSubnet`. The release does not wait for its pods: nodes become ready by them, and Hubble's need nodes.
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Cilium extends pulumi.ComponentResource {
  /** Chart cilium. */
  readonly release: k8s.helm.v3.Release;

  constructor(
    name: string,
    args: CiliumArgs | Checked<CiliumRelease> = {},
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { cilium, helm }: CiliumRelease =
      args instanceof Checked ? args.spec : { cilium: reporting(() => parseCilium(args, `Cilium ${name}`)) };
    super("kubeadm:cni:Cilium", name, {}, opts);
    this.release = helmRelease(
      `${name}-release`,
      {
        chart: "cilium",
        helm,
        namespace: CILIUM_NAMESPACE,
        values: ciliumValues(cilium),
        skipAwait: true,
      },
      { parent: this, deletedWith: opts?.deletedWith },
    );
    this.registerOutputs({});
  }
}

/** Cilium of a cluster's settings. */
export const createCilium: CreateCni = (name, { settings }, opts) =>
  new Cilium(name, new Checked({ cilium: withCni(settings, "cilium"), helm: settings.addons.helm }), opts);
