import { z } from "zod";

import { dnsLabel, document, httpUrl, matching, secretName, text } from "../settings/schema/primitives";

/** Relative and inside the project: the same on every machine that runs Pulumi. */
const projectPath = text((value) => {
  const allowed = "a path relative to the project's folder and inside it, such as manifests/web.yaml";
  if (value === "" || value.startsWith("/") || value.startsWith("~") || /^[A-Za-z]:/.test(value))
    return { message: "is not a valid relative path", allowed };
  if (value.split(/[\\/]/).includes("..")) return { message: "leaves the project's folder", allowed };
  return undefined;
});

// Helm, pkg/chart/v2/util: release names are DNS labels of 53 characters at most.
export const RELEASE_NAME = /^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/;

const chart = z.strictObject({
  /** Name in `repository`. */
  chart: matching(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "the chart's name in the repository").optional(),
  repository: httpUrl.optional(),
  oci: matching(
    /^oci:\/\/[a-z0-9.-]+(:\d{1,5})?(\/[a-z0-9._-]+)+$/,
    "a chart in an OCI registry, such as oci://registry.example.com/charts/web",
  ).optional(),
  folder: projectPath.optional(),
  version: matching(
    /^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/,
    "one version, not a range, such as 1.2.3",
  ).optional(),
  namespace: dnsLabel,
  createNamespace: z.boolean().optional(),
  values: document.optional(),
  /** Dotted path in the values to the name of an entry of `kubeadm:secrets`. */
  secretValues: z.record(z.string(), secretName).optional(),
  timeout: z.number().int().min(1).max(86400).optional(),
});

const staticPod = z.strictObject({
  /** The Pod itself, or the file it is in. */
  pod: z.union([projectPath, document]),
  on: z.array(z.string()).min(1).optional(),
});

/** Your own manifests, charts and static pods. */
export const extrasShape = {
  manifests: z.array(z.union([projectPath, document])).optional(),
  charts: z.record(z.string(), chart).optional(),
  staticPods: z.record(z.string(), staticPod).optional(),
};
