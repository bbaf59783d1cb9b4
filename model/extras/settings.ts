import type { KubernetesObject } from "../kubernetes";

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

/** One object that people bring, and where it was written. */
export interface ExtraObject {
  /** `apps/web.yaml:12`, or `manifests[2]` for one that is in the settings. */
  readonly source: string;
  /** As it was written, with apiVersion, kind and name. */
  readonly object: KubernetesObject;
}

/** A chart that people bring. */
export interface ExtraChart {
  /** Of the Helm release too. */
  readonly name: string;
  /** Name in the repository, `oci://` reference, or folder relative to the project. */
  readonly chart: string;
  /** URL of a repository. */
  readonly repository?: string;
  /** One version, no range; undefined for a folder. */
  readonly version?: string;
  /** DNS label: where the release goes. */
  readonly namespace: string;
  /** Helm makes the namespace; default false. */
  readonly createNamespace: boolean;
  /** The chart's values, without secrets. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Dotted path in the values to the name of the secret that stands there. */
  readonly secretValues: Readonly<Record<string, string>>;
  /** Seconds that Helm waits for what the chart runs. */
  readonly timeout: number;
  /** SHA-256 over the folder's files; undefined for a chart from elsewhere. */
  readonly digest?: string;
}

/** A pod that kubelets run by themselves, from a file on the host. */
export interface ExtraStaticPod {
  /** Key in the settings, and name of the manifest's file. */
  readonly name: string;
  /** On every control-plane node. */
  readonly controlPlane: boolean;
  /** On every node of these pools. */
  readonly pools: readonly string[];
  /** A whole Pod of apiVersion v1. */
  readonly pod: KubernetesObject;
}

/** What people bring themselves. */
export interface ExtrasSettings {
  /** In the order they were written. */
  readonly manifests: readonly ExtraObject[];
  /** In the order of the settings. */
  readonly charts: readonly ExtraChart[];
  /** In the order of the settings. */
  readonly staticPods: readonly ExtraStaticPod[];
}
