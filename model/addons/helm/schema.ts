import { z } from "zod";

import { CHART_NAMES, chartSourceKind, type ChartName } from "../../charts";
import { matching, text } from "../../settings/schema/primitives";

const chartSource = text((value) =>
  chartSourceKind(value) === undefined
    ? {
        message: "is not a source of a chart",
        allowed:
          "a folder or archive (./charts/metallb), an OCI registry (oci://registry.example.com/charts/metallb) or a " +
          "repository (https://charts.example.com)",
      }
    : undefined,
);
const chartVersion = matching(/^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/, "a chart's version, such as 0.16.1");

function perChart<T extends z.ZodType>(one: T) {
  return z.strictObject(
    Object.fromEntries(CHART_NAMES.map((chart) => [chart, one.optional()])) as Record<
      ChartName,
      z.ZodOptional<T>
    >,
  );
}

/** Where the library's charts come from; the users' own are under `charts`. */
export const helmSchema = z.strictObject({
  sources: perChart(chartSource).optional(),
  versions: perChart(chartVersion).optional(),
});

/** Where the library's charts come from: `helm` in the settings. */
export interface HelmInput {
  /**
   * Source of each chart: a folder or archive (`./charts/metallb`), an OCI registry
   * (`oci://registry.example.com/charts/metallb`) or a repository (`https://charts.example.com`).
   *
   * @defaultValue upstream's repositories
   */
  sources?: Partial<Record<ChartName, string>>;
  /**
   * Version of each chart. A chart from a folder has its own.
   *
   * @defaultValue the versions that the library is tested with
   */
  versions?: Partial<Record<ChartName, string>>;
}
