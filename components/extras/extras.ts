import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { inOrder, ownsOutside } from "../../model/extras/order";
import { chartValues } from "../../model/extras/values";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { ExtraChart } from "../../model/settings/resolvedExtras";
import { anyResource, anyResourceName, isCustom } from "../kubernetes/anyResource";
import { requireArguments } from "../arguments";

export interface ExtrasArgs {
  /** Resolved settings: `manifests` and `charts` are read from them. */
  readonly settings: ClusterSettings;
  /** `kubeadm:secrets`, for what charts' values take from there. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * What people bring: objects and charts. Namespaces come first, then definitions of kinds, then charts and what is of known
 * kinds, and at last custom resources whose kind no manifest defines: a chart may.
 */
export class Extras extends pulumi.ComponentResource {
  /** Objects of `manifests`, in the order they are made. */
  readonly objects: readonly pulumi.CustomResource[];
  /** By the chart's name in the settings. */
  readonly charts: Readonly<Record<string, k8s.helm.v3.Release>>;

  constructor(name: string, args: ExtrasArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("Extras", name, args, ["settings", "secrets"]);
    super("kubeadm:index:Extras", name, {}, opts);
    const { manifests, charts } = args.settings.extras;
    const ordered = inOrder(manifests);
    const defined = ordered.filter(({ item }) => isEarly(item.object.kind)).length;
    const made: pulumi.CustomResource[] = [];
    const releases: Record<string, k8s.helm.v3.Release> = {};
    const addCharts = () => {
      // A release that makes a namespace comes before those that are put into it.
      const [makers, others] = [true, false].map((makes) =>
        charts.filter((chart) => chart.createNamespace === makes),
      );
      for (const chart of [...makers, ...others]) {
        const home = homeOf(chart.namespace, chart.name);
        releases[chart.name] = this.release(name, chart, args, [...made, ...home]);
      }
    };
    /** The release that makes a namespace, where one does. */
    const homeOf = (namespace: string | undefined, self?: string): pulumi.Resource[] => {
      const maker = charts.find((chart) => chart.createNamespace && chart.namespace === namespace);
      const release = maker === undefined || maker.name === self ? undefined : releases[maker.name];
      return release === undefined ? [] : [release];
    };
    ordered.forEach(({ item: { object }, after }, index) => {
      if (index === defined) addCharts();
      // What no manifest defines comes out of a chart or an add-on; add-ons are there already.
      const foreign =
        isCustom(object) &&
        !after.some((place) => ordered[place]?.item.object.kind === "CustomResourceDefinition");
      made.push(
        anyResource(anyResourceName(name, object), object, {
          parent: this,
          ...(ownsOutside(object) ? {} : { deletedWith: opts?.deletedWith }),
          dependsOn: [
            ...after.flatMap((place) => made[place] ?? []),
            ...(foreign ? Object.values(releases) : homeOf(object.metadata.namespace)),
          ],
        }),
      );
    });
    if (ordered.length <= defined) addCharts();
    this.objects = made;
    this.charts = releases;
    this.registerOutputs({});
  }

  private release(
    name: string,
    chart: ExtraChart,
    { secrets }: ExtrasArgs,
    dependsOn: pulumi.Resource[],
  ): k8s.helm.v3.Release {
    const hidden = Object.fromEntries(
      Object.entries(chart.secretValues).map(([place, secret]) => [place, secrets[secret] ?? ""]),
    );
    const hasHidden = Object.keys(hidden).length > 0;
    return new k8s.helm.v3.Release(
      `${name}-chart-${chart.name}`,
      {
        // Fixed: a suffix of the engine's would be in the names of all objects.
        name: chart.name,
        chart: chart.chart,
        ...(chart.version === undefined ? {} : { version: chart.version }),
        ...(chart.repository === undefined ? {} : { repositoryOpts: { repo: chart.repository } }),
        namespace: chart.namespace,
        createNamespace: chart.createNamespace,
        values: hasHidden
          ? pulumi.secret(pulumi.output(hidden).apply((texts) => chartValues(chart, texts)))
          : chartValues(chart, {}),
        // A release does not look into its chart's folder: another digest makes it do so.
        ...(chart.digest === undefined ? {} : { description: `folder ${chart.digest}` }),
        atomic: true,
        cleanupOnFail: true,
        timeout: chart.timeout,
        maxHistory: 5,
      },
      // Charts may own what lies outside the cluster, as load balancers and volumes: they are not deleted with it, but before.
      { parent: this, dependsOn },
    );
  }
}

function isEarly(kind: string | undefined): boolean {
  return kind === "Namespace" || kind === "CustomResourceDefinition";
}
