import type { KubeProxyMode } from "../domain";
import type { FlannelSettings } from "./settings";

/** What flannel's objects are made from. */
export interface FlannelSpec {
  readonly cni: FlannelSettings;
  readonly network: {
    readonly podCidr: string;
    /** MTU of the nodes' network in bytes; undefined: flannel reads it from the node's interface. */
    readonly mtu?: number | undefined;
  };
  readonly kubeProxy: { readonly mode: KubeProxyMode };
  /** Tags of the images. */
  readonly versions: { readonly flannel: string; readonly flannelCniPlugin: string };
}
