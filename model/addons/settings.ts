import type { HelmSettings } from "../charts";
import type { GatewayApiSettings } from "./gatewayApi/settings";
import type { IngressSettings } from "./ingress/settings";
import type { MetallbSettings } from "./metallb/settings";
import type { MetricsServerSettings } from "./metricsServer/settings";

export type * from "./coredns/settings";
export type * from "./gatewayApi/settings";
export type * from "./ingress/settings";
export type * from "./metallb/settings";
export type * from "./metricsServer/settings";

/** What runs in the cluster besides its network and its DNS. */
export interface AddonSettings {
  /** Where charts come from. */
  readonly helm: HelmSettings;
  /** undefined: MetalLB is not put into the cluster. */
  readonly metallb?: MetallbSettings;
  /** undefined: no ingress controller is. */
  readonly ingress?: IngressSettings;
  /** URL or path of Gateway API's CRDs; undefined: they are not put into the cluster. */
  readonly gatewayApi?: GatewayApiSettings;
  /** undefined: metrics-server is not. */
  readonly metricsServer?: MetricsServerSettings;
}
