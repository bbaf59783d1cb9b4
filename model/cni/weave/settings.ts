import type { PodResources } from "../../settings/resolvedShared";
import { defined } from "../../core/defined";
import type { CniKeys } from "../domain";

/** Weave Net as it is written under `cni`. */
export interface WeaveInput {
  /** Which CNI. */
  kind: "weave";
  /** IPv4 range of pods; default `10.244.0.0/16`. Fixed once the cluster is made. */
  podCidr?: string;
  /** MTU of the pod network in bytes, a multiple of 4; default: what `network.mtu` leaves, else Weave's 1376. */
  mtu?: number;
  /** Encrypts traffic between nodes; default: nothing is encrypted. */
  encryption?: {
    /** Name of an entry in `kubeadm:secrets`: the password that all nodes share, 8 to 255 characters. */
    password: string;
  };
  /** IPv4 ranges of nodes between which nothing is encrypted; default none. Only with `encryption`. */
  trustedSubnets?: string[];
  /** Weave's NetworkPolicy controller runs next to it; default true. */
  networkPolicy?: boolean;
  /** Of Weave's pod on each node, router and policy controller each; default: requests of 50m CPU. */
  resources?: PodResources;
}

export interface WeaveSettings {
  readonly kind: "weave";
  /** Nothing to choose: Weave takes its fast datapath, and by itself its slow one (sleeve) where that does not get through. */
  readonly backend: "fastdp";
  /** MTU of the pod network in bytes, a multiple of 4; undefined: Weave's default of 1376. */
  readonly mtu?: number;
  /** Traffic between nodes is encrypted. */
  readonly encryption?: {
    /** Name in `kubeadm:secrets` of the password that all nodes share. */
    readonly password: string;
    /** Between nodes in these ranges nothing is encrypted. */
    readonly trustedSubnets: readonly string[];
  };
  /** Weave's NetworkPolicy controller runs next to it. */
  readonly networkPolicy: boolean;
  /** Of Weave's pod on each node, router and policy controller each; default: requests of 50m CPU. */
  readonly resources: PodResources;
}

/** rajch/weave prog/weave-kube/weave-daemonset-k8s-1.11.yaml. */
const RESOURCES = { requests: { cpu: "50m" } } as const;

/** Defaults filled in. */
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
