import type { PinnedChart } from "./pinnedChart";
import { CNIS, type CniChartName } from "./cni";

export type { PinnedChart };

/** Charts that the library installs by Helm, because upstream ships them as moving charts. */
export type ChartName =
  CniChartName | "metallb" | "traefik" | "aws-cloud-controller-manager" | "aws-ebs-csi-driver";

export const CHARTS: Record<ChartName, PinnedChart> = {
  ...(Object.assign({}, ...Object.values(CNIS).map(({ charts }) => charts)) as Record<
    CniChartName,
    PinnedChart
  >),
  // metallb v0.16.1, website/content/installation/_index.md; images: charts/metallb/values.yaml.
  metallb: {
    version: "0.16.1",
    appVersion: "v0.16.1",
    repository: "https://metallb.github.io/metallb",
    release: "metallb",
    registries: ["quay.io"],
  },
  // traefik-helm-chart a8a66d00, traefik/Chart.yaml (2026-08-21); image: traefik/values.yaml.
  traefik: {
    version: "41.3.0",
    appVersion: "v3.7.11",
    repository: "https://traefik.github.io/charts",
    release: "traefik",
    registries: ["docker.io"],
  },
  // cloud-provider-aws, charts/aws-cloud-controller-manager/Chart.yaml (2026-07-07).
  "aws-cloud-controller-manager": {
    version: "0.0.11",
    appVersion: "v1.35.0",
    repository: "https://kubernetes.github.io/cloud-provider-aws",
    release: "aws-cloud-controller-manager",
    registries: ["registry.k8s.io"],
  },
  // aws-ebs-csi-driver, charts/aws-ebs-csi-driver/Chart.yaml (2026-08-19).
  "aws-ebs-csi-driver": {
    version: "2.64.0",
    appVersion: "v1.64.0",
    repository: "https://kubernetes-sigs.github.io/aws-ebs-csi-driver",
    release: "aws-ebs-csi-driver",
    registries: ["public.ecr.aws"],
  },
};

export const CHART_NAMES = Object.keys(CHARTS) as readonly ChartName[];

/** Where charts come from and in which version, where that is not the table's. */
export interface HelmSettings {
  /**
   * By chart: a folder or archive of the chart itself (`./charts/metallb`), the chart in an OCI registry
   * (`oci://registry.example.com/charts/metallb`), or a repository that mirrors it (`https://charts.example.com`).
   */
  readonly sources: Readonly<Partial<Record<ChartName, string>>>;
  readonly versions: Readonly<Partial<Record<ChartName, string>>>;
}

/** What Helm is told to find a chart by. */
export interface ChartReference {
  readonly chart: string;
  /** Not for a folder: it holds one version, and Helm does not look at the number given. */
  readonly version?: string;
  readonly repository?: string;
}

export type ChartSourceKind = "folder" | "oci" | "repository";

/** What a source is, by how it begins; undefined when it is none. */
export function chartSourceKind(source: string): ChartSourceKind | undefined {
  if (/^(\.{1,2})?\//.test(source)) return "folder";
  if (/^oci:\/\/[^/\s]+\/\S+$/.test(source)) return "oci";
  if (/^https?:\/\/\S+$/.test(source)) return "repository";
  return undefined;
}

/**
 * How Helm finds one chart.
 * @throws RangeError for a source that is neither folder, registry nor repository
 */
export function chartReference(name: ChartName, helm: HelmSettings): ChartReference {
  const facts = CHARTS[name];
  const version = helm.versions[name] ?? facts.version;
  const source = helm.sources[name] ?? facts.repository;
  switch (chartSourceKind(source)) {
    case "folder":
      return { chart: source };
    case "oci":
      return { chart: source, version };
    case "repository":
      return { chart: name, version, repository: source };
    case undefined:
      throw new RangeError(`${source} is not a source of a chart`);
  }
}
