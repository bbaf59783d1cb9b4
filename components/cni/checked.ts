import type { HelmSettings } from "../../model/charts";

/** Arguments of a CNI that were checked with a cluster's settings: nothing is checked twice. */
export class CheckedCni<S> {
  constructor(
    readonly spec: S,
    /** Where charts come from. */
    readonly helm: HelmSettings,
  ) {}
}

/** Upstream's charts in the library's versions. */
export const UPSTREAM: HelmSettings = { sources: {}, versions: {} };
