/** A chart that the library installs by Helm. */
export interface PinnedChart {
  /** Version of the chart, pinned; another by `helm.versions`. */
  readonly version: string;
  /** Version of what it runs, where the chart's own number says nothing about it. */
  readonly appVersion: string;
  /** Where upstream serves it. */
  readonly repository: string;
  /** Name of the Helm release in the cluster: never suffixed, so that `helm` finds it and names follow from it. */
  readonly release: string;
  /** Registries whose images it runs; a cluster without internet access mirrors these by `images.mirrors`. */
  readonly registries: readonly string[];
}

/** Where charts come from and in which version, where that is not the table's. */
export interface HelmSettings {
  /**
   * By chart: a folder or archive of the chart itself (`./charts/metallb`), the chart in an OCI registry
   * (`oci://registry.example.com/charts/metallb`), or a repository that mirrors it (`https://charts.example.com`).
   */
  readonly sources: Readonly<Partial<Record<string, string>>>;
  /** By chart. */
  readonly versions: Readonly<Partial<Record<string, string>>>;
}
