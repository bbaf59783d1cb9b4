import type { KubeProxyMode } from "../domain";
import type { CalicoSettings } from "./settings";

/** What Calico's objects are made from. */
export interface CalicoSpec {
  readonly cni: CalicoSettings;
  readonly network: {
    readonly podCidr: string;
    readonly serviceCidr: string;
    /** MTU of the nodes' network in bytes; undefined: Calico reads it from the node's interface. */
    readonly mtu?: number | undefined;
  };
  readonly kubeProxy: { readonly mode: KubeProxyMode };
}
