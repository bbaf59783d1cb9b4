import { defined } from "../core/defined";
import { sha256 } from "../core/hash";
import { plainPath, type ProjectFiles } from "./files";
import { readObjects } from "./read";
import type {
  ChartInput,
  ExtraChart,
  ExtrasInput,
  ExtrasSettings,
  ExtraStaticPod,
  StaticPodInput,
} from "./settings";

/** Ten minutes: images come over slow lines too. */
const CHART_TIMEOUT = 600;

/** The word for the control-plane nodes in `staticPods.<name>.on`; no pool can have it. */
export const CONTROL_PLANE = "controlPlane";

/** @param files undefined: entries that are paths are left out, as nothing can be read */
export function resolveExtras(input: ExtrasInput, files: ProjectFiles | undefined): ExtrasSettings {
  const { objects } = readObjects(input.manifests ?? [], files);
  return {
    manifests: objects.map(({ source, object }) => ({ source, object })),
    charts: Object.entries(input.charts ?? {}).map(([name, chart]) => resolveChart(name, chart, files)),
    staticPods: Object.entries(input.staticPods ?? {}).flatMap(([name, given]) =>
      staticPod(name, given, files),
    ),
  };
}

function resolveChart(name: string, input: ChartInput, files: ProjectFiles | undefined): ExtraChart {
  const folder = input.folder === undefined ? undefined : plainPath(input.folder);
  const digest = folder === undefined ? undefined : folderDigest(folder, files);
  return {
    name,
    // Helm takes a name without a path for one in a repository.
    chart: input.oci ?? (folder === undefined ? (input.chart ?? "") : `./${folder}`),
    ...defined({ repository: input.repository, version: input.version, digest }),
    namespace: input.namespace,
    createNamespace: input.createNamespace ?? false,
    values: input.values ?? {},
    secretValues: input.secretValues ?? {},
    timeout: input.timeout ?? CHART_TIMEOUT,
  };
}

/** A release does not look into its chart's folder: this changes when a file in it does. */
function folderDigest(folder: string, files: ProjectFiles | undefined): string | undefined {
  const names = files?.list(folder);
  if (files === undefined || names === undefined) return undefined;
  const parts = names.map((name) => `${name.slice(folder.length)}\0${files.read(name) ?? ""}\0`);
  return sha256(parts.join(""));
}

function staticPod(name: string, input: StaticPodInput, files: ProjectFiles | undefined): ExtraStaticPod[] {
  const [read] = readObjects([input.pod], files).objects;
  if (read === undefined) return [];
  const on = input.on ?? [CONTROL_PLANE];
  return [
    {
      name,
      controlPlane: on.includes(CONTROL_PLANE),
      pools: on.filter((one) => one !== CONTROL_PLANE),
      pod: read.object,
    },
  ];
}
