import { ADDON_KEYS, partsOf, type AddonChartName } from "./addons";
import type { PinnedChart, HelmSettings } from "./pinnedChart";
import { CNIS, type CniChartName } from "./cni";

export type { PinnedChart, HelmSettings };

type AwsChartName =
  | "aws-cloud-controller-manager"
  | "aws-ebs-csi-driver"
  | "aws-load-balancer-controller"
  | "cluster-autoscaler";

/** Charts of what calls AWS in the cluster. */
const AWS_CHARTS: Readonly<Record<AwsChartName, PinnedChart>> = {
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
  // aws-load-balancer-controller v3.5.0, helm/aws-load-balancer-controller/Chart.yaml (2026-08-17); eks-charts publishes it.
  "aws-load-balancer-controller": {
    version: "3.5.0",
    appVersion: "v3.5.0",
    repository: "https://aws.github.io/eks-charts",
    release: "aws-load-balancer-controller",
    registries: ["public.ecr.aws"],
  },
  // kubernetes/autoscaler, tag cluster-autoscaler-chart-9.59.0 (2026-07-21); the image is the settings' own.
  "cluster-autoscaler": {
    version: "9.59.0",
    appVersion: "v1.35.0",
    repository: "https://kubernetes.github.io/autoscaler",
    release: "cluster-autoscaler",
    registries: ["registry.k8s.io"],
  },
};

/** Charts that the library installs by Helm, because upstream ships them as moving charts. */
export type ChartName = CniChartName | AddonChartName | AwsChartName;

const PARTS = [...Object.values(CNIS), ...ADDON_KEYS.flatMap((key) => partsOf(key, undefined))].map(
  ({ charts }) => charts,
);

export const CHARTS: Record<ChartName, PinnedChart> = {
  ...(Object.assign({}, ...PARTS) as Record<CniChartName | AddonChartName, PinnedChart>),
  ...AWS_CHARTS,
};

export const CHART_NAMES = Object.keys(CHARTS) as readonly ChartName[];

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
