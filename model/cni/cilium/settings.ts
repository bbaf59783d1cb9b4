import { defined } from "../../core/defined";
import type { CniContext, CniKeys } from "../domain";

/** Cilium, under `cni`. */
export interface CiliumInput {
  /** `cilium`: Cilium. */
  kind: "cilium";
  /**
   * How packets travel between nodes: `vxlan` and `geneve` are tunnels; with `native` the network routes the
   * addresses of pods. Cannot change once the cluster exists.
   *
   * @defaultValue `vxlan`
   */
  backend?: "vxlan" | "geneve" | "native";
  /**
   * IPv4 range of pods. Cannot change once the cluster exists.
   *
   * @defaultValue `10.244.0.0/16`
   */
  podCidr?: string;
  /**
   * MTU of the pod network, in bytes, 1200 to 65535, and at most `network.mtu` minus the overhead of the backend.
   *
   * @defaultValue what the nodes' interface leaves after encapsulation
   */
  mtu?: number;
  /**
   * With `backend: native`: nodes route to each other's pod ranges, for which they must be on one layer 2 network.
   * With `false` the network's routers must know these ranges.
   *
   * @defaultValue `true`
   */
  autoDirectNodeRoutes?: boolean;
  /**
   * Cilium replaces kube-proxy, and kubeadm does not install it. Cannot change once the cluster exists.
   *
   * @defaultValue `false`
   */
  kubeProxyReplacement?: boolean;
  /**
   * Encrypts traffic between pods on different nodes.
   *
   * @defaultValue none
   */
  encryption?: {
    /** `wireguard`: each node creates its own key. */
    type: "wireguard";
  };
  /** Hubble, which shows the flows of pods. */
  hubble?: {
    /**
     * Agents record flows and serve them on TCP 4244.
     *
     * @defaultValue `true`
     */
    enabled?: boolean;
    /**
     * Hubble Relay, which collects the flows of all nodes.
     *
     * @defaultValue `false`
     */
    relay?: boolean;
    /**
     * Hubble's web page. Needs `relay`.
     *
     * @defaultValue `false`
     */
    ui?: boolean;
  };
  /**
   * Number of pods of Cilium's operator, 1 to 10.
   *
   * @defaultValue `2`; with one node `1`
   */
  operatorReplicas?: number;
}

export interface CiliumSettings {
  readonly kind: "cilium";
  /** How packets travel between nodes. */
  readonly backend: "vxlan" | "geneve" | "native";
  /** MTU of the pod network, in bytes. Undefined: Cilium computes it from the node's interface. */
  readonly mtu?: number;
  /** Nodes route to each other's pod ranges. Always false without `backend: native`. */
  readonly autoDirectNodeRoutes: boolean;
  /** Cilium replaces kube-proxy, and kubeadm does not install it. */
  readonly kubeProxyReplacement: boolean;
  /** Set if traffic between pods on different nodes is encrypted. */
  readonly encryption?: { readonly type: "wireguard" };
  readonly hubble: { readonly enabled: boolean; readonly relay: boolean; readonly ui: boolean };
  readonly operatorReplicas: number;
}

/** Fills in the defaults. */
export function resolveCilium(input: CniKeys<CiliumInput>, { nodes, pooled }: CniContext): CiliumSettings {
  const backend = input.backend ?? "vxlan";
  return {
    kind: "cilium",
    backend,
    ...defined({ mtu: input.mtu, encryption: input.encryption }),
    autoDirectNodeRoutes: input.autoDirectNodeRoutes ?? backend === "native",
    kubeProxyReplacement: input.kubeProxyReplacement ?? false,
    hubble: { enabled: true, relay: false, ui: false, ...input.hubble },
    operatorReplicas: input.operatorReplicas ?? (nodes.length > 1 || pooled ? 2 : 1),
  };
}
