import type { KubernetesObject } from "../kubernetes";

/** Your own Helm chart. Its source is `chart` with `repository`, or `oci`, or `folder`. */
export interface ChartInput {
  /** Name of the chart in `repository`. */
  chart?: string;
  /** URL of a chart repository. */
  repository?: string;
  /** Reference to a chart in an OCI registry, such as `oci://registry.example.com/charts/web`. */
  oci?: string;
  /** Folder of the chart, relative to the project. A changed file in it changes the release. */
  folder?: string;
  /** Exact version of the chart. Required, except with `folder`, whose `Chart.yaml` contains it. */
  version?: string;
  /** Namespace of the release. */
  namespace: string;
  /**
   * Helm creates the namespace first.
   *
   * @defaultValue `false`
   */
  createNamespace?: boolean;
  /**
   * Values of the chart.
   *
   * @defaultValue the chart's own
   */
  values?: Record<string, unknown>;
  /**
   * Values from secrets: the name of a secret for each dotted path in the values, such as `auth.password`.
   *
   * @defaultValue none
   */
  secretValues?: Record<string, string>;
  /**
   * How long Helm waits for the chart's workloads, in seconds, 1 to 86400.
   *
   * @defaultValue `600`
   */
  timeout?: number;
}

/** A pod that kubelets run from a file on the host. */
export interface StaticPodInput {
  /** The Pod, or the path of a file that contains it, relative to the project. */
  pod: string | Record<string, unknown>;
  /**
   * Where it runs: `controlPlane`, or names of pools. On AWS only control-plane nodes.
   *
   * @defaultValue `controlPlane`
   */
  on?: readonly string[];
}

/** Your own objects and charts. */
export interface ManifestsInput {
  /**
   * Objects to create: the path of a file, of a folder (all `.yaml`, `.yml` and `.json` files below it), or an
   * object. Paths are relative to the project.
   *
   * @defaultValue none
   */
  manifests?: readonly (string | Record<string, unknown>)[];
  /**
   * Helm charts to install, by the name of their release: at most 53 of a-z, 0-9 and -.
   *
   * @defaultValue none
   */
  charts?: Record<string, ChartInput>;
}

/** Your own manifests, charts and static pods. */
export interface ExtrasInput extends ManifestsInput {
  /**
   * Pods that kubelets run from a file on the host, by the name of that file.
   *
   * @defaultValue none
   */
  staticPods?: Record<string, StaticPodInput>;
}

/** One of your own objects, and where it is written. */
export interface ExtraObject {
  /** `apps/web.yaml:12`, or `manifests[2]` for an object in the settings. */
  readonly source: string;
  /** As it was written, with apiVersion, kind and name. */
  readonly object: KubernetesObject;
}

/** One of your own charts. */
export interface ExtraChart {
  /** Name of the chart in the settings and of its Helm release. */
  readonly name: string;
  /** Name in the repository, `oci://` reference, or folder relative to the project. */
  readonly chart: string;
  /** URL of a repository. */
  readonly repository?: string;
  /** Exact version. Undefined for a folder. */
  readonly version?: string;
  /** Namespace of the release. */
  readonly namespace: string;
  /** Helm creates the namespace. Default: false. */
  readonly createNamespace: boolean;
  /** The chart's values, without secrets. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Name of a secret for each dotted path in the values. */
  readonly secretValues: Readonly<Record<string, string>>;
  /** How long Helm waits for the chart's workloads, in seconds. */
  readonly timeout: number;
  /** SHA-256 of the folder's files. Undefined for other charts. */
  readonly digest?: string;
}

/** A pod that kubelets run from a file on the host. */
export interface ExtraStaticPod {
  /** Key in the settings, and name of the file. */
  readonly name: string;
  /** Runs on every control-plane node. */
  readonly controlPlane: boolean;
  /** Runs on every node of these pools. */
  readonly pools: readonly string[];
  /** A whole Pod of apiVersion v1. */
  readonly pod: KubernetesObject;
}

/** Your own manifests, charts and static pods. */
export interface ExtrasSettings {
  /** Objects in the order of the settings. */
  readonly manifests: readonly ExtraObject[];
  /** Charts in the order of the settings. */
  readonly charts: readonly ExtraChart[];
  /** Static pods in the order of the settings. */
  readonly staticPods: readonly ExtraStaticPod[];
}
