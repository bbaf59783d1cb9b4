export type * from "./flannel/settings";
export type * from "./weave/settings";
export type * from "./calico/settings";
export type { CniInput, CniKind, CniSettings, CniVariant } from ".";
export type { KubeProxyMode } from "./domain";
