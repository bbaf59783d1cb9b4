import { defined } from "../../core/defined";
import type { CniContext, CniKeys } from "../domain";

/** Cilium as it is written under `cni`. */
export interface CiliumInput {
  /** Which CNI. */
  kind: "cilium";
  /**
   * How packets go between nodes: tunnels of `vxlan` or `geneve`, or `native`, where the network routes pods' own addresses.
   * Default `vxlan`. Fixed once the cluster is made.
   */
  backend?: "vxlan" | "geneve" | "native";
  /** IPv4 range of pods; default `10.244.0.0/16`. Fixed once the cluster is made. */
  podCidr?: string;
  /** MTU of the pod network in bytes, 1200 or more; default: what the nodes' interface leaves after encapsulation. */
  mtu?: number;
  /**
   * Each node routes the other nodes' slices to their addresses, which needs one layer 2 network; false: the network's
   * routers know the slices. Default true. Only with `backend: native`.
   */
  autoDirectNodeRoutes?: boolean;
  /** Cilium does kube-proxy's work, and kubeadm installs no kube-proxy; default false. Fixed once the cluster is made. */
  kubeProxyReplacement?: boolean;
  /** Encrypts what pods send to pods of other nodes; default: nothing is encrypted. */
  encryption?: {
    /** `wireguard`: each node makes its own key. */
    type: "wireguard";
  };
  /** Hubble, which shows flows. */
  hubble?: {
    /** Agents keep flows and answer on TCP 4244; default true. */
    enabled?: boolean;
    /** Hubble Relay, which collects the flows of all nodes; default false. */
    relay?: boolean;
    /** Hubble's web page, which needs `relay`; default false. */
    ui?: boolean;
  };
  /** Of Cilium's operator, 1 to 10; default 2, and 1 with one node. */
  operatorReplicas?: number;
}

export interface CiliumSettings {
  readonly kind: "cilium";
  /** How packets go between nodes; default `vxlan`. */
  readonly backend: "vxlan" | "geneve" | "native";
  /** MTU of the pod network in bytes; undefined: Cilium computes it from the node's interface. */
  readonly mtu?: number;
  /** Each node routes the other nodes' slices to their addresses; false without `backend: native`. */
  readonly autoDirectNodeRoutes: boolean;
  /** Cilium does kube-proxy's work, and kubeadm installs no kube-proxy. */
  readonly kubeProxyReplacement: boolean;
  /** Set where traffic between pods of different nodes is encrypted. */
  readonly encryption?: { readonly type: "wireguard" };
  readonly hubble: { readonly enabled: boolean; readonly relay: boolean; readonly ui: boolean };
  readonly operatorReplicas: number;
}

/** Defaults filled in. */
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
