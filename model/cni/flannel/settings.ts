import type { PodResources } from "../../settings/resolvedShared";
import { defined } from "../../core/defined";
import type { CniContext, CniKeys } from "../domain";
import { WINDOWS_VXLAN } from "./windows";

/** flannel as it is written under `cni`. */
export interface FlannelInput {
  /** Which CNI. */
  kind: "flannel";
  /** How packets go between nodes: `vxlan`, `host-gw` or `wireguard`; default `vxlan`. Fixed once the cluster is made. */
  backend?: "vxlan" | "host-gw" | "wireguard";
  /** IPv4 range of pods; default `10.244.0.0/16`. Fixed once the cluster is made. */
  podCidr?: string;
  /** MTU of the pod network in bytes, 1200 or more; default: what the nodes' interface leaves after encapsulation. */
  mtu?: number;
  /** VXLAN network identifier, 1 to 16777215; default 1, and 4096 with `windows`. Only with `backend: vxlan`. */
  vni?: number;
  /** UDP port of VXLAN, default 8472 and 4789 with `windows`, or of WireGuard, default 51820. */
  port?: number;
  /** Windows nodes are or will be in the cluster; default: whether there is a pool of them. */
  windows?: boolean;
  /** Who enforces NetworkPolicy, since flannel does not; default `none`. */
  networkPolicy?: "kube-network-policies" | "none";
  /** Of flannel's pod on each node; default: requests of 100m CPU and 50Mi memory. */
  resources?: PodResources;
}

export interface FlannelSettings {
  readonly kind: "flannel";
  /** How packets go between nodes; default `vxlan`. */
  readonly backend: "vxlan" | "host-gw" | "wireguard";
  /** MTU of the pod network in bytes; undefined: flannel computes it from the node's interface. */
  readonly mtu?: number;
  /** VXLAN network identifier; undefined: flannel's default 1 (flannel Documentation/backends.md). With `windows` 4096. */
  readonly vni?: number;
  /** UDP port of VXLAN, default 8472 and with `windows` 4789, or of WireGuard, default 51820. */
  readonly port?: number;
  /** Windows nodes are or will be in the cluster: they know one VXLAN port and identifiers from 4096 only. */
  readonly windows: boolean;
  /** Who enforces NetworkPolicy: flannel itself does not. */
  readonly networkPolicy: "kube-network-policies" | "none";
  /** Of flannel's pod on each node; default: requests of 100m CPU and 50Mi memory. */
  readonly resources: PodResources;
}

/** As upstream's own manifest (flannel Documentation/kube-flannel.yml). */
const RESOURCES = { requests: { cpu: "100m", memory: "50Mi" } } as const;

/** Defaults filled in. */
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
