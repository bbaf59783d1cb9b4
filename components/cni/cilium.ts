import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { HelmInput } from "../../model/addons/helm/schema";
import { withCni } from "../../model/cni";
import { parseCni } from "../../model/cni/alone";
import type { CiliumInput } from "../../model/cni/cilium/settings";
import type { CiliumSpec } from "../../model/cni/cilium/spec";
import { CILIUM_NAMESPACE, ciliumValues } from "../../model/cni/cilium/values";
import { helmRelease } from "../kubernetes/release";
import { checked, partOf, rendered, type Samples, type WithInputs } from "../part";
import type { CreateCni } from ".";

/** Arguments of `Cilium`. Every argument has a default. Values that the library checks against each other are plain. */
export interface CiliumArgs extends WithInputs<
  Omit<CiliumInput, "kind">,
  "podCidr" | "mtu" | "operatorReplicas"
> {
  /**
   * The nodes' network: its MTU in bytes.
   *
   * @defaultValue Cilium reads the MTU from the node's interface
   */
  network?: {
    /** MTU of the nodes' network, in bytes. */
    mtu?: pulumi.Input<number>;
  };
  /** Where nodes reach the API server. Required with `kubeProxyReplacement`. */
  endpoint?: { host: pulumi.Input<string>; port: pulumi.Input<number> };
  /** Where the chart comes from, and its version. */
  helm?: HelmInput;
}

interface CiliumRelease extends CiliumSpec {
  readonly helm: HelmInput;
}

const SAMPLES: Samples = {
  podCidr: () => "10.255.0.0/16",
  mtu: () => 1400,
  operatorReplicas: () => 1,
  "network.mtu": () => 9001,
  "endpoint.host": () => "10.255.255.1",
  "endpoint.port": () => 6443,
};

/**
 * Cilium, from its chart. Pass the cluster's provider as `provider`, and the cluster's init as `deletedWith`. Not
 * tried on a live cluster.
 *
 * ```ts
 * new Cilium("net", { backend: "geneve", hubble: { relay: true } }, { provider });
 * ```
 *
 * Pods get addresses from their Node's `podCIDR`, so kube-controller-manager must allocate it, as it does with
 * kubeadm's `networking.podSubnet`. The release does not wait for its pods: nodes become ready through them, and
 * Hubble's pods need nodes.
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Cilium extends pulumi.ComponentResource {
  /** Helm release of the chart `cilium`. */
  readonly release: k8s.helm.v3.Release;

  constructor(name: string, args: CiliumArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    const part = partOf<CiliumRelease>("Cilium", name, args, SAMPLES, (given, title) =>
      parseCni("cilium", ["network.mtu", "endpoint.host", "endpoint.port", "helm"], given, title),
    );
    super("kubeadm:index:Cilium", name, {}, opts);
    this.release = helmRelease(
      `${name}-release`,
      {
        chart: "cilium",
        helm: part.shape.helm,
        namespace: CILIUM_NAMESPACE,
        values: rendered(part, ciliumValues),
        skipAwait: true,
      },
      { parent: this, deletedWith: opts?.deletedWith },
    );
    this.registerOutputs({});
  }
}

/** Cilium of a cluster's settings. */
export const createCilium: CreateCni = (name, { settings }, opts) => ({
  network: new Cilium(
    name,
    checked<CiliumArgs, CiliumRelease>({ ...withCni(settings, "cilium"), helm: settings.addons.helm }),
    opts,
  ),
});
