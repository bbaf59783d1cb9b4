import type { PodResourcesInput } from "../../kubernetes";
import type { PodResources } from "../../settings/resolvedShared";
import { defined } from "../../core/defined";
import type { CniContext, CniKeys } from "../domain";
import { WINDOWS_VXLAN } from "./windows";

/** flannel, under `cni`. */
export interface FlannelInput {
  /** `flannel`: flannel. */
  kind: "flannel";
  /**
   * How packets travel between nodes: `vxlan` and `wireguard` are tunnels; `host-gw` routes, for which nodes must be
   * on one layer 2 network. Cannot change once the cluster exists.
   *
   * @defaultValue `vxlan`
   */
  backend?: "vxlan" | "host-gw" | "wireguard";
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
   * VXLAN network identifier, 1 to 16777215. Needs `backend: vxlan`.
   *
   * @defaultValue `1`; with `windows` `4096`
   */
  vni?: number;
  /**
   * UDP port between nodes, for VXLAN or WireGuard.
   *
   * @defaultValue `8472`; with `windows` `4789`; WireGuard `51820`
   */
  port?: number;
  /**
   * Uses the network that Windows nodes can join. Needs `backend: vxlan`.
   *
   * @defaultValue `true` with a pool of Windows nodes
   */
  windows?: boolean;
  /**
   * What enforces NetworkPolicy: flannel itself does not.
   *
   * @defaultValue `none`
   */
  networkPolicy?: "kube-network-policies" | "none";
  /**
   * Requests and limits of flannel's pod on each node.
   *
   * @defaultValue requests of 100m CPU and 50Mi memory
   */
  resources?: PodResourcesInput;
}

export interface FlannelSettings {
  readonly kind: "flannel";
  /** How packets travel between nodes. */
  readonly backend: "vxlan" | "host-gw" | "wireguard";
  /** MTU of the pod network, in bytes. Undefined: flannel computes it from the node's interface. */
  readonly mtu?: number;
  /** VXLAN network identifier. Undefined: flannel's default 1 (flannel Documentation/backends.md). */
  readonly vni?: number;
  /** UDP port between nodes, for VXLAN or WireGuard. */
  readonly port?: number;
  /** Uses the network that Windows nodes can join: they support one VXLAN port, and identifiers from 4096. */
  readonly windows: boolean;
  /** What enforces NetworkPolicy: flannel itself does not. */
  readonly networkPolicy: "kube-network-policies" | "none";
  /** Requests and limits of flannel's pod on each node. */
  readonly resources: PodResources;
}

/** As upstream's own manifest (flannel Documentation/kube-flannel.yml). */
const RESOURCES = { requests: { cpu: "100m", memory: "50Mi" } } as const;

/** Fills in the defaults. */
export function resolveFlannel(input: CniKeys<FlannelInput>, { windowsPools }: CniContext): FlannelSettings {
  const windows = input.windows ?? windowsPools;
  const fixed = windows ? WINDOWS_VXLAN : undefined;
  return {
    kind: "flannel",
    backend: input.backend ?? "vxlan",
    ...defined({ mtu: input.mtu, vni: input.vni ?? fixed?.vni, port: input.port ?? fixed?.port }),
    windows,
    networkPolicy: input.networkPolicy ?? "none",
    resources: input.resources ?? RESOURCES,
  };
}
