import type { CiliumSettings } from "./settings";

/** What the values of Cilium's chart are made from. */
export interface CiliumSpec {
  readonly cni: CiliumSettings;
  readonly network: {
    readonly podCidr: string;
    /** MTU of the nodes' network in bytes; undefined: Cilium reads it from the node's interface. */
    readonly mtu?: number | undefined;
  };
  /** Where nodes reach the API server; read where Cilium replaces kube-proxy. */
  readonly endpoint?: { readonly host: string; readonly port: number };
}
