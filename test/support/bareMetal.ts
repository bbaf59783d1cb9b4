import type { ClusterSettings } from "../../model/settings/resolved";
import { metalInput, metalSettings, type RawSettings } from "./settings";

/** What environment `metal` may have in its cluster: tests of these parts begin without any. */
const INSIDE = [
  "metallb",
  "ingress",
  "gatewayApi",
  "metricsServer",
  "helm",
  "tenants",
  "roles",
  "manifests",
  "charts",
] as const;

/** Environment `metal` as written, with nothing in the cluster but its network and DNS. */
export function bareMetalInput(): RawSettings {
  const input = metalInput();
  return Object.fromEntries(Object.entries(input).filter(([key]) => !INSIDE.some((one) => one === key)));
}

/** The same resolved, with whole top-level keys replaced. */
export function bareMetal(overrides: RawSettings = {}): ClusterSettings {
  return metalSettings({ ...Object.fromEntries(INSIDE.map((key) => [key, undefined])), ...overrides });
}
