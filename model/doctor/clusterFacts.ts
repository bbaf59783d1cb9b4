import type { Taint } from "../settings/resolved";

export interface NodeFact {
  readonly name: string;
  readonly podCidrs: readonly string[];
  readonly addresses: readonly string[];
  readonly ready: boolean;
  /** Why it is not Ready, and what else its kubelet complains of. */
  readonly complaints: readonly string[];
  readonly unschedulable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly version: string;
}

export interface ObjectFact {
  readonly there: boolean;
  /** Data of a ConfigMap. */
  readonly data?: Readonly<Record<string, string>>;
  /** Pods of a workload: how many there should be, and how many are ready. */
  readonly pods?: { readonly wanted: number; readonly ready: number };
}

/** What the API says of the cluster. */
export interface ClusterFacts {
  /** What kubeadm's ConfigMap says. */
  readonly kubeadm?: {
    readonly podSubnet?: string | undefined;
    readonly serviceSubnet?: string | undefined;
    readonly endpoint?: string | undefined;
    readonly version?: string | undefined;
  };
  /** kube-proxy's `clusterCIDR`; undefined: there is no kube-proxy. */
  readonly kubeProxy?: { readonly clusterCidr: string };
  readonly nodes: readonly NodeFact[];
  /** By `objectKey`. */
  readonly objects: Readonly<Record<string, ObjectFact>>;
  /** What pods of CoreDNS that are not ready say. */
  readonly coreDns: readonly { readonly pod: string; readonly why: string }[];
  /** MetalLB's pools. */
  readonly pools: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  /** Address of Service kube-dns; "" where there is none. */
  readonly dnsAddress: string;
  /** Requests for certificates that nobody approved or denied, and who asks. */
  readonly pendingRequests: readonly { readonly name: string; readonly by: string }[];
}

/** Under which an object's facts are. */
export function objectKey(object: {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}): string {
  return `${object.kind} ${object.namespace === "" ? "" : `${object.namespace}/`}${object.name}`;
}
