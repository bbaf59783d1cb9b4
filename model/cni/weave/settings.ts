import type { PodResourcesInput } from "../../kubernetes";
import type { PodResources } from "../../settings/resolvedShared";
import { defined } from "../../core/defined";
import type { CniKeys } from "../domain";

/** Weave Net, under `cni`. */
export interface WeaveInput {
  /** `weave`: Weave Net. */
  kind: "weave";
  /**
   * IPv4 range of pods. Cannot change once the cluster exists.
   *
   * @defaultValue `10.244.0.0/16`
   */
  podCidr?: string;
  /**
   * MTU of the pod network, in bytes, 1200 to 65535, a multiple of 4, and at most `network.mtu` minus the overhead.
   *
   * @defaultValue what `network.mtu` leaves, otherwise Weave's `1376`
   */
  mtu?: number;
  /**
   * Encrypts traffic between nodes.
   *
   * @defaultValue none
   */
  encryption?: {
    /** Name in `kubeadm:secrets` of the password that all nodes share, 8 to 255 characters. */
    password: string;
  };
  /**
   * IPv4 ranges of nodes that do not encrypt traffic between themselves. Needs `encryption`.
   *
   * @defaultValue none
   */
  trustedSubnets?: readonly string[];
  /**
   * Runs Weave's NetworkPolicy controller.
   *
   * @defaultValue `true`
   */
  networkPolicy?: boolean;
  /**
   * Requests and limits on each node, of the router and of the policy controller.
   *
   * @defaultValue requests of 50m CPU
   */
  resources?: PodResourcesInput;
}

export interface WeaveSettings {
  readonly kind: "weave";
  /** Always the same: Weave uses its fast datapath, and falls back to its slow one (sleeve) by itself. */
  readonly backend: "fastdp";
  /** MTU of the pod network, in bytes, a multiple of 4. Undefined: Weave's default of 1376. */
  readonly mtu?: number;
  /** Encrypts traffic between nodes. */
  readonly encryption?: {
    /** Name in `kubeadm:secrets` of the password that all nodes share. */
    readonly password: string;
    /** Ranges of nodes that do not encrypt traffic between themselves. */
    readonly trustedSubnets: readonly string[];
  };
  /** Runs Weave's NetworkPolicy controller. */
  readonly networkPolicy: boolean;
  /** Requests and limits on each node, of the router and of the policy controller. */
  readonly resources: PodResources;
}

/** rajch/weave prog/weave-kube/weave-daemonset-k8s-1.11.yaml. */
const RESOURCES = { requests: { cpu: "50m" } } as const;

/** Fills in the defaults. */
export function resolveWeave(input: CniKeys<WeaveInput>): WeaveSettings {
  const { encryption, trustedSubnets = [] } = input;
  return {
    kind: "weave",
    backend: "fastdp",
    ...defined({
      mtu: input.mtu,
      encryption: encryption && { password: encryption.password, trustedSubnets },
    }),
    networkPolicy: input.networkPolicy ?? true,
    resources: input.resources ?? RESOURCES,
  };
}
