import type { PinnedChart } from "./pinnedChart";

export type AwsChartName = "aws-cloud-controller-manager" | "aws-ebs-csi-driver" | "cluster-autoscaler";

/** Charts of what calls AWS in the cluster. */
export const AWS_CHARTS: Readonly<Record<AwsChartName, PinnedChart>> = {
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
  // kubernetes/autoscaler, tag cluster-autoscaler-chart-9.59.0 (2026-07-21); the image is the settings' own.
  "cluster-autoscaler": {
    version: "9.59.0",
    appVersion: "v1.35.0",
    repository: "https://kubernetes.github.io/autoscaler",
    release: "cluster-autoscaler",
    registries: ["registry.k8s.io"],
  },
};
