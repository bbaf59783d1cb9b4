/** Charts that the library installs by Helm, because upstream ships them as moving charts. */
export type ChartName =
  | "crd.projectcalico.org.v1"
  | "tigera-operator"
  | "metallb"
  | "traefik"
  | "aws-cloud-controller-manager"
  | "aws-ebs-csi-driver";

export interface ChartFacts {
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

export const CHARTS: Record<ChartName, ChartFacts> = {
  // Calico's and its operator's CRDs, in a chart of their own since 3.32 (charts/crd.projectcalico.org.v1/README.md; release
  // notes of v3.32.2 list it): Helm does not upgrade CRDs of the chart that needs them.
  "crd.projectcalico.org.v1": {
    version: "v3.32.0",
    appVersion: "v3.32.0",
    repository: "https://docs.tigera.io/calico/charts",
    release: "calico-crds",
    registries: [],
  },
  // https://docs.tigera.io/calico/latest/getting-started/kubernetes/helm; chart and operator have Calico's version.
  "tigera-operator": {
    version: "v3.32.0",
    appVersion: "v3.32.0",
    repository: "https://docs.tigera.io/calico/charts",
    release: "calico",
    registries: ["quay.io"],
  },
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
      throw new RangeError(`${source} is no source of a chart`);
  }
}
