import { isMapping } from "../core/tree";
import type { Path, Problems } from "../settings/problems";
import { plainPath, type ProjectFiles } from "./files";
import type { ChartInput } from "./settings";
import { readObjects } from "./read";
import { RELEASE_NAME } from "./schema";
import type { ExtrasContext, ExtrasSurroundings } from "./surroundings";
import {
  validateDefinitions,
  validateNamespaces,
  validateOwnObjects,
  validateReleases,
} from "./validateNeighbours";
import { validateStaticPods } from "./validateStaticPods";

/** Everything about your own manifests; the content of files is checked if they can be read. */
export function validateExtras(facts: ExtrasSurroundings, problems: Problems, context: ExtrasContext): void {
  const { files } = context;
  const objects = validateAlone(facts, files, problems);
  validateNamespaces(objects, facts, files !== undefined, problems);
  validateDefinitions(objects, facts, files !== undefined, problems);
  validateReleases(facts, problems);
  validateStaticPods(facts, context, problems);
}

/** What an object in the settings is known by; the rest may hold secrets. */
function identity(object: unknown): unknown {
  if (!isMapping(object)) return object;
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = isMapping(metadata) ? metadata : {};
  return { apiVersion, kind, metadata: { name, namespace } };
}

/** Objects and charts by themselves, whatever else the cluster has. @returns the objects that were read */
export function validateAlone(
  facts: Pick<ExtrasSurroundings, "written" | "refused">,
  files: ProjectFiles | undefined,
  problems: Problems,
): ReturnType<typeof readObjects>["objects"] {
  const read = readObjects(facts.written.manifests ?? [], files);
  for (const { index, source, message, allowed } of read.problems) {
    const given = facts.written.manifests?.[index];
    problems.add(["manifests", index], typeof given === "string" ? source : identity(given), message, {
      allowed,
    });
  }
  validateOwnObjects(read.objects, problems);
  for (const [name, chart] of Object.entries(facts.written.charts ?? {}))
    chartFits(name, chart, facts, files, problems);
  return read.objects;
}

const SOURCES = ["repository", "oci", "folder"] as const;

function chartFits(
  name: string,
  chart: ChartInput,
  { refused }: Pick<ExtrasSurroundings, "refused">,
  files: ProjectFiles | undefined,
  problems: Problems,
): void {
  const path = ["charts", name];
  if (!RELEASE_NAME.test(name)) {
    problems.add(path, name, "is not a valid name of a release", {
      allowed: "at most 53 of a-z, 0-9 and -, a letter or digit first and last",
    });
  }
  if (SOURCES.some((key) => refused([...path, key]))) return;
  const [source, second] = SOURCES.filter((key) => chart[key] !== undefined);
  if (source === undefined) {
    problems.add(path, undefined, "has no source", {
      allowed: "chart and repository, or oci, or folder",
    });
    return;
  }
  if (second !== undefined) {
    problems.add([...path, second], chart[second], `cannot be combined with ${source}`, {
      allowed: "one of repository, oci, folder",
    });
    return;
  }
  if (source === "repository" && chart.chart === undefined)
    problems.add([...path, "chart"], undefined, "is missing", {
      allowed: "the chart's name in the repository",
    });
  if (source !== "repository" && chart.chart !== undefined) {
    problems.add([...path, "chart"], chart.chart, `repeats what ${source} already says`, {
      allowed: "no chart",
    });
  }
  if (source !== "folder" && chart.version === undefined) {
    problems.add(
      [...path, "version"],
      undefined,
      "is missing: without it, a later run would install another version",
      {
        allowed: "one version, such as 1.2.3",
      },
    );
  }
  if (source === "folder") folderIsChart(chart, path, files, problems);
  secretsHavePlaces(chart, path, problems);
}

/** A secret goes to a place in the values that is there, or that can be made. */
function secretsHavePlaces({ values, secretValues }: ChartInput, path: Path, problems: Problems): void {
  const places = Object.keys(secretValues ?? {});
  for (const place of places) {
    const at = [...path, "secretValues", place];
    if (!/^[^.[\]\s\\]+(\.[^.[\]\s\\]+)*$/.test(place)) {
      problems.add(at, place, "is not a path in the values", {
        allowed: "keys separated by dots, such as auth.password; no lists",
      });
      continue;
    }
    const parts = place.split(".");
    const above = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("."));
    const other = places.find((one) => above.includes(one));
    const inWay = other ?? above.find((one) => isPlain(valueAt(values, one)));
    if (inWay === undefined) continue;
    problems.add(at, place, `goes through ${inWay}, which is a value, not a mapping`, {
      allowed: `a path next to ${inWay}`,
    });
  }
}

function valueAt(values: unknown, place: string): unknown {
  return place
    .split(".")
    .reduce<unknown>(
      (inner, part) =>
        inner !== null && typeof inner === "object" && Object.hasOwn(inner, part)
          ? (inner as Record<string, unknown>)[part]
          : undefined,
      values,
    );
}

function isPlain(value: unknown): boolean {
  return value !== undefined && value !== null && (typeof value !== "object" || Array.isArray(value));
}

function folderIsChart(
  { folder, version }: ChartInput,
  path: Path,
  files: ProjectFiles | undefined,
  problems: Problems,
): void {
  if (version !== undefined) {
    problems.add([...path, "version"], version, "is in the folder's Chart.yaml", { allowed: "no version" });
  }
  if (folder === undefined || files === undefined) return;
  if (files.read(`${plainPath(folder)}/Chart.yaml`) !== undefined) return;
  problems.add([...path, "folder"], folder, "is not a chart folder: it has no Chart.yaml", {
    allowed: "a folder of the project with Chart.yaml in it",
  });
}
