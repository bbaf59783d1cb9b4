import type { WeaveSettings } from "./settings";

/** What Weave's objects are made from. */
export interface WeaveSpec {
  readonly cni: WeaveSettings;
  readonly network: {
    readonly podCidr: string;
    /** MTU of the nodes' network in bytes; undefined: Weave's default for pods. */
    readonly mtu?: number | undefined;
    /** Each node connects to every other. */
    readonly maxNodes: number;
  };
}
