import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parseExtras } from "../../model/extras/alone";
import type { ProjectFiles } from "../../model/extras/files";
import { inOrder, isDefinition, isNamespace, ownsOutside } from "../../model/extras/order";
import type { ChartInput, ExtraChart, ExtrasSettings, ManifestsInput } from "../../model/extras/settings";
import { chartValues } from "../../model/extras/values";
import { anyResource, anyResourceName, isCustom } from "../kubernetes/anyResource";
import {
  Checked,
  orChecked,
  secretPartOf,
  type Samples,
  type SecretPart,
  type SecretsArg,
  type WithInputs,
} from "../part";
import { projectFiles } from "./projectFiles";

/**
 * Arguments of `Extras`. Values that determine which resources exist are plain; values of charts may contain outputs.
 */
export interface ExtrasArgs extends Omit<ManifestsInput, "charts">, SecretsArg {
  /**
   * Helm charts by the name of their release.
   *
   * @defaultValue none
   */
  charts?: Record<string, WithInputs<ChartInput, "values">>;
  /**
   * Reads files and folders that the other arguments name.
   *
   * @defaultValue files of the program's folder
   */
  files?: ProjectFiles;
}

export type Extra = Omit<ExtrasSettings, "staticPods">;

const SAMPLES: Samples = { "charts.*.values": () => ({}), "charts.*.values.**": () => "later" };

/**
 * Your own objects and charts. The component creates namespaces first, then CRDs, then charts and objects of known
 * kinds, and last custom resources whose CRD is in no manifest, because a chart may contain it.
 *
 * ```ts
 * const chart = "oci://ghcr.io/prometheus-community/charts/prometheus-node-exporter";
 * new Extras(
 *   "monitoring",
 *   {
 *     manifests: [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "monitoring" } }],
 *     charts: { "node-exporter": { oci: chart, version: "4.47.0", namespace: "monitoring" } },
 *   },
 *   { provider },
 * );
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments and of the files, before a resource is registered
 */
export class Extras extends pulumi.ComponentResource {
  /** Objects of `manifests`, in the order in which they are created. */
  readonly objects: readonly pulumi.CustomResource[];
  /** Helm releases by the chart's name in the arguments. */
  readonly charts: Readonly<Record<string, k8s.helm.v3.Release>>;

  constructor(name: string, args: ExtrasArgs, opts?: pulumi.ComponentResourceOptions) {
    const own = orChecked<ExtrasArgs, Extra & SecretsArg>(args);
    const { files = projectFiles(), ...given } = own instanceof Checked ? {} : { ...own };
    const checked = own instanceof Checked ? own : given;
    const part = secretPartOf<Extra>("Extras", name, checked, SAMPLES, (raw, title, secrets) =>
      parseExtras(raw, title, files, secrets),
    );
    super("kubeadm:index:Extras", name, {}, opts);
    const { manifests, charts } = part.shape;
    // The samples that were checked are no values.
    const valuesOf = ({ name: called, values }: ExtraChart) =>
      own instanceof Checked ? values : (own.charts?.[called]?.values ?? {});
    const ordered = inOrder(manifests);
    const defined = ordered.filter(
      ({ item: { object } }) => isNamespace(object) || isDefinition(object),
    ).length;
    const made: pulumi.CustomResource[] = [];
    const releases: Record<string, k8s.helm.v3.Release> = {};
    const addCharts = () => {
      // A release that makes a namespace comes before those that are put into it.
      const [makers, others] = [true, false].map((makes) =>
        charts.filter((chart) => chart.createNamespace === makes),
      );
      for (const chart of [...makers, ...others]) {
        const home = homeOf(chart.namespace, chart.name);
        releases[chart.name] = this.release(name, { ...chart, values: valuesOf(chart) }, part, [
          ...made,
          ...home,
        ]);
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
    chart: Omit<ExtraChart, "values"> & { readonly values: k8s.helm.v3.ReleaseArgs["values"] },
    part: SecretPart<Extra>,
    dependsOn: pulumi.Resource[],
  ): k8s.helm.v3.Release {
    const hidden = Object.fromEntries(
      Object.entries(chart.secretValues).map(([place, secret]) => [place, part.secret(secret)]),
    );
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
        values:
          Object.keys(hidden).length === 0
            ? chart.values
            : pulumi.secret(
                pulumi
                  .all([chart.values, hidden])
                  .apply(([values = {}, texts]) => chartValues(values, texts)),
              ),
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
