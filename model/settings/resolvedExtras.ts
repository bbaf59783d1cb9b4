import type { KubernetesObject } from "../kubernetes";

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
