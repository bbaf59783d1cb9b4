/** Objects of the API, as far as a look at the cluster reads them. */
import type { Taint } from "../model/settings/resolved";

export interface List<Item> {
  readonly items?: readonly Item[];
}

export interface Named {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface Node extends Named {
  readonly spec: {
    readonly podCIDR?: string;
    readonly podCIDRs?: readonly string[];
    readonly unschedulable?: boolean;
    readonly taints?: readonly Taint[];
  };
  readonly status: {
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo?: { readonly kubeletVersion: string };
  };
}

export interface ConfigMap {
  readonly data?: Readonly<Record<string, string>>;
}

export interface Service {
  readonly spec?: { readonly clusterIP?: string };
}

export interface Workload {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly numberReady?: number;
    readonly desiredNumberScheduled?: number;
  };
}

interface Said {
  readonly reason?: string;
  readonly message?: string;
}

export interface Pod extends Named {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly {
      readonly ready?: boolean;
      readonly state?: { readonly waiting?: Said; readonly terminated?: Said };
      readonly lastState?: { readonly terminated?: Said };
    }[];
  };
}

export type Event = Said;

export interface CertificateRequest extends Named {
  readonly spec: { readonly username?: string };
  readonly status?: { readonly conditions?: readonly unknown[] };
}

export interface AddressPool extends Named {
  readonly spec?: { readonly addresses?: readonly string[] };
}
