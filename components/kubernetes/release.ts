import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { CHARTS, chartReference, type ChartName } from "../../model/charts";
import type { HelmInput } from "../../model/addons/helm/schema";

export interface HelmReleaseArgs {
  /** Which of the charts that the library knows, with their versions and sources. */
  readonly chart: ChartName;
  /**
   * Where charts come from, and in which versions, as `helm` in the settings.
   *
   * @defaultValue upstream's repositories, in the versions that the library is tested with
   */
  readonly helm?: HelmInput;
  /** Must exist, made by the library so that it has its labels of pod security. */
  readonly namespace: pulumi.Input<string>;
  /** The chart's values, best from a pure function in `model/`. Secrets in it stay secrets in the state. */
  readonly values: pulumi.Input<Readonly<Record<string, unknown>>>;
  /** Seconds that Helm waits for what the chart runs; default 600: ten minutes for images over a slow line. */
  readonly timeout?: number;
  /**
   * Does not wait until what the chart runs is ready. Default false: what comes after needs its webhooks and CRDs. Where
   * nothing can become ready before something else is there, as a network before its nodes, it is true.
   */
  readonly skipAwait?: boolean;
}

/**
 * One Helm release: the chart in its pinned version, from where `helm.sources` says.
 *
 * Release and not Chart: upstream's hooks run, and it is one resource, whatever the chart is made of. `npm run plan` writes
 * its values; what it makes of them only the cluster shows.
 */
export function helmRelease(
  name: string,
  { chart, helm, namespace, values, timeout = 600, skipAwait = false }: HelmReleaseArgs,
  opts?: pulumi.CustomResourceOptions,
): k8s.helm.v3.Release {
  const reference = chartReference(chart, { sources: helm?.sources ?? {}, versions: helm?.versions ?? {} });
  return new k8s.helm.v3.Release(
    name,
    {
      // Fixed: a suffix of the engine's would be in the names of all objects, and change with the resource's.
      name: CHARTS[chart].release,
      chart: reference.chart,
      version: reference.version,
      repositoryOpts: reference.repository === undefined ? undefined : { repo: reference.repository },
      namespace,
      createNamespace: false,
      // A null in values takes a default of the chart away (pulumi-kubernetes 4.30, CHANGELOG: without being allowed to).
      values,
      // A failed upgrade goes back to what worked, and a failed install leaves no release that a later run trips over.
      // It waits by itself, so it is off where nothing can be waited for.
      atomic: !skipAwait,
      cleanupOnFail: true,
      skipAwait,
      timeout,
      // Each release is a Secret in the cluster; the last few are enough to look back at.
      maxHistory: 5,
    },
    opts,
  );
}
