import type { KubernetesObject } from "../kubernetes";

/** One object that people bring, and where it was written. */
export interface OwnObject {
  /** `apps/web.yaml:12`, or `manifests[2]` for one that stands in the settings. */
  readonly source: string;
  readonly object: KubernetesObject;
}

/** A chart that people bring. */
export interface OwnChart {
  /** Of the Helm release too. */
  readonly name: string;
  /** Name in the repository, `oci://` reference, or folder relative to the project. */
  readonly chart: string;
  /** URL of a repository. */
  readonly repository?: string;
  readonly version?: string;
  readonly namespace: string;
  readonly createNamespace: boolean;
  readonly values: Readonly<Record<string, unknown>>;
  /** Dotted path in the values to the name of the secret that stands there. */
  readonly secretValues: Readonly<Record<string, string>>;
  /** Seconds that Helm waits for what the chart runs. */
  readonly timeout: number;
  /** SHA-256 over the folder's files; undefined for a chart from elsewhere. */
  readonly digest?: string;
}

/** A pod that kubelets run by themselves, from a file on the host. */
export interface OwnStaticPod {
  readonly name: string;
  /** On every master. */
  readonly masters: boolean;
  /** On every node of these pools. */
  readonly pools: readonly string[];
  readonly pod: KubernetesObject;
}

/** What people bring themselves. */
export interface OwnSettings {
  readonly manifests: readonly OwnObject[];
  readonly charts: readonly OwnChart[];
  readonly staticPods: readonly OwnStaticPod[];
}

export const NO_OWN: OwnSettings = { manifests: [], charts: [], staticPods: [] };
