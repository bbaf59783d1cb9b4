export type * from "./coredns/settings";
export type * from "./gatewayApi/settings";
export type * from "./ingress/settings";
export type * from "./metallb/settings";
export type * from "./metricsServer/settings";
export type { AddonKey, AddonSettings, UsedAddons } from ".";
