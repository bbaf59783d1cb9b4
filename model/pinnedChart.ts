/** A chart that the library installs by Helm. */
export interface PinnedChart {
  /** Version of the chart, pinned; another by `helm.versions`. */
  readonly version: string;
  /** Version of what it runs, if the chart's version differs. */
  readonly appVersion: string;
  /** Where upstream serves it. */
  readonly repository: string;
  /** Name of the Helm release in the cluster: never suffixed, so that `helm` finds it and names follow from it. */
  readonly release: string;
  /** Registries whose images it runs; a cluster without internet access mirrors these by `images.mirrors`. */
  readonly registries: readonly string[];
}

/** Sources and versions of charts that differ from the library's table. */
export interface HelmSettings {
  /**
   * Source of each chart: a folder or archive (`./charts/metallb`), an OCI registry
   * (`oci://registry.example.com/charts/metallb`) or a repository (`https://charts.example.com`).
   */
  readonly sources: Readonly<Partial<Record<string, string>>>;
  /** Version of each chart. */
  readonly versions: Readonly<Partial<Record<string, string>>>;
}
