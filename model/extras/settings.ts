/** A chart of yours. Where it comes from: `chart` with `repository`, `oci`, or `folder`. */
export interface ChartInput {
  /** The chart's name in `repository`. */
  chart?: string;
  /** URL of a repository of charts. */
  repository?: string;
  /** A chart in an OCI registry: `oci://registry.example.com/charts/web`. */
  oci?: string;
  /** The chart's folder, relative to the project. A changed file in it changes the release. */
  folder?: string;
  /** One version, no range; needed, but for a folder, whose `Chart.yaml` has it. */
  version?: string;
  /** Where the release goes: a DNS label. */
  namespace: string;
  /**
   * Helm makes the namespace, before what else is put there.
   *
   * @defaultValue `false`
   */
  createNamespace?: boolean;
  /**
   * The chart's values.
   *
   * @defaultValue the chart's own
   */
  values?: Record<string, unknown>;
  /**
   * Values out of the secrets: a dotted path in the values (`auth.password`) to the name of the secret.
   *
   * @defaultValue none
   */
  secretValues?: Record<string, string>;
  /**
   * Seconds that Helm waits for what the chart runs, 1 to 86,400.
   *
   * @defaultValue `600`
   */
  timeout?: number;
}

/** A pod that kubelets run by themselves. */
export interface StaticPodInput {
  /** The Pod itself, or the file it is in, relative to the project. */
  pod: string | Record<string, unknown>;
  /**
   * Where it runs: `controlPlane`, or names of pools; on AWS control-plane nodes alone.
   *
   * @defaultValue `controlPlane`
   */
  on?: string[];
}

/** Objects and charts of yours that come with the cluster. */
export interface ManifestsInput {
  /**
   * Objects: a file, a folder (all `.yaml`, `.yml` and `.json` below it), or the object itself. Paths are relative to the project.
   *
   * @defaultValue none
   */
  manifests?: (string | Record<string, unknown>)[];
  /**
   * Charts by the name of their release: at most 53 of a-z, 0-9 and -.
   *
   * @defaultValue none
   */
  charts?: Record<string, ChartInput>;
}

/** What people bring themselves. */
export interface ExtrasInput extends ManifestsInput {
  /**
   * Pods that kubelets run by themselves, by the name of their manifest's file on the host.
   *
   * @defaultValue none
   */
  staticPods?: Record<string, StaticPodInput>;
}
