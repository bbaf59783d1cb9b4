import { z } from "zod";

import { chartSourceKind, type ChartName } from "../../charts";
import { matching, text } from "./primitives";

const chartSource = text((value) =>
  chartSourceKind(value) === undefined
    ? {
        message: "is no source of a chart",
        allowed:
          "a folder or archive (./charts/metallb), an OCI registry (oci://registry.example.com/charts/metallb) or a " +
          "repository (https://charts.example.com)",
      }
    : undefined,
);
const chartVersion = matching(/^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/, "a chart's version, as 0.16.1");

function perChart<T extends z.ZodType>(one: T): Record<ChartName, z.ZodOptional<T>> {
  return {
    "tigera-operator": one.optional(),
    metallb: one.optional(),
    traefik: one.optional(),
    "aws-cloud-controller-manager": one.optional(),
    "aws-ebs-csi-driver": one.optional(),
  };
}

/** Settings of what runs in the cluster besides CNI and DNS. */
export const addonsShape = {
  /** Where the library's charts come from; the users' own are under `charts`. */
  helm: z
    .strictObject({
      sources: z.strictObject(perChart(chartSource)).optional(),
      versions: z.strictObject(perChart(chartVersion)).optional(),
    })
    .optional(),
};
