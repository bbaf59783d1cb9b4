import { partsOf, usedAddons, type UsedAddons } from "../../addons";
import { CHARTS } from "../../charts";
import { domainOf, type CniKind } from "../../cni";
import { UPSTREAM_REGISTRY } from "../../images";
import { awsOf, type AwsCluster } from "../spec";

/** What decides where the cluster's own images come from. */
export interface ImageSources extends Pick<AwsCluster, "aws"> {
  readonly cni: { readonly kind: CniKind };
  readonly addons: Partial<UsedAddons>;
  readonly images: { readonly mirrors: Readonly<Record<string, readonly string[]>> };
}

/** Registries that the cluster's own images come from and that no mirror stands for. */
export function registriesWithoutMirror(settings: ImageSources): string[] {
  const { cni, addons, images } = settings;
  const domain = domainOf(cni.kind);
  const charts = [
    domain.charts,
    ...usedAddons(addons).flatMap((one) => partsOf(one.key, one.settings).map((part) => part.charts)),
    ...(awsOf(settings).storage === undefined ? [] : [{ driver: CHARTS["aws-ebs-csi-driver"] }]),
    ...(awsOf(settings).clusterAutoscaler === undefined ? [] : [{ scaler: CHARTS["cluster-autoscaler"] }]),
    ...(awsOf(settings).loadBalancerController === undefined
      ? []
      : [{ controller: CHARTS["aws-load-balancer-controller"] }]),
  ].flatMap((some) => Object.values(some));
  const registries = [
    // The cloud controller manager's, whatever `images.repository` says.
    UPSTREAM_REGISTRY,
    ...(domain.registries ?? []),
    ...charts.flatMap((chart) => chart.registries),
  ];
  return [...new Set(registries)].filter((registry) => !(registry in images.mirrors)).sort();
}
