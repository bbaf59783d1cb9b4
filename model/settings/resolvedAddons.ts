import type { HelmSettings } from "../charts";

/** What runs in the cluster besides its network and its DNS. */
export interface AddonSettings {
  /** Where charts come from. */
  readonly helm: HelmSettings;
}

/** Nothing besides network and DNS, and charts from where upstream has them. */
export const NO_ADDONS: AddonSettings = { helm: { sources: {}, versions: {} } };
