import { plainPath, type ProjectFiles } from "../../extras/files";
import { readObjects } from "../../extras/read";
import type { Facts } from "../draft";
import type { Path, Problems } from "../problems";
import { RELEASE_NAME } from "../schema/extras";
import { chartsAreThere } from "../../addons/helm/validate";
import { addonFilesAreThere } from "./addons";
import {
  kindsAreDefined,
  namespacesAreThere,
  objectsAreTheirOwn,
  releasesAreTheirOwn,
} from "./extraNeighbours";
import { staticPodsFit } from "./staticPods";

/** Everything about what people bring; what is in files is looked at where they can be read. */
export function validateExtras(facts: Facts, files: ProjectFiles | undefined, problems: Problems): void {
  const objects = extrasFit(facts, files, problems);
  namespacesAreThere(objects, facts, files !== undefined, problems);
  kindsAreDefined(objects, facts, files !== undefined, problems);
  releasesAreTheirOwn(facts, problems);
  staticPodsFit(facts, files, problems);
  if (files === undefined) return;
  chartsAreThere(facts, files, problems);
  addonFilesAreThere(facts, files, problems);
}

/** Objects and charts by themselves, whatever else the cluster has. @returns the objects that were read */
export function extrasFit(
  facts: Facts,
  files: ProjectFiles | undefined,
  problems: Problems,
): ReturnType<typeof readObjects>["objects"] {
  const read = readObjects(facts.input.manifests ?? [], files);
  for (const { index, source, message, allowed } of read.problems)
    problems.add(["manifests", index], source, message, { allowed });
  objectsAreTheirOwn(read.objects, problems);
  for (const [name, chart] of Object.entries(facts.input.charts ?? {}))
    if (chart !== undefined) chartFits(name, chart, files, problems);
  return read.objects;
}

type DraftChart = NonNullable<NonNullable<Facts["input"]["charts"]>[string]>;
const SOURCES = ["repository", "oci", "folder"] as const;

function chartFits(
  name: string,
  chart: DraftChart,
  files: ProjectFiles | undefined,
  problems: Problems,
): void {
  const path = ["charts", name];
  if (!RELEASE_NAME.test(name)) {
    problems.add(path, name, "is not a valid name of a release", {
      allowed: "at most 53 of a-z, 0-9 and -, a letter or digit first and last",
    });
  }
  const [source, second] = SOURCES.filter((key) => key in chart);
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
  if (source === "repository" && !("chart" in chart))
    problems.add([...path, "chart"], undefined, "is missing", {
      allowed: "the chart's name in the repository",
    });
  if (source !== "repository" && "chart" in chart) {
    problems.add([...path, "chart"], chart.chart, `repeats what ${source} already says`, {
      allowed: "no chart",
    });
  }
  if (source !== "folder" && !("version" in chart)) {
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
function secretsHavePlaces({ values, secretValues }: DraftChart, path: Path, problems: Problems): void {
  const places = Object.keys(secretValues ?? {});
  for (const place of places) {
    const at = [...path, "secretValues", place];
    if (!/^[^.[\]\s\\]+(\.[^.[\]\s\\]+)*$/.test(place)) {
      problems.add(at, place, "is not a path in the values", {
        allowed: "keys with dots between, such as auth.password; no lists",
      });
      continue;
    }
    const parts = place.split(".");
    const above = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("."));
    const other = places.find((one) => above.includes(one));
    const inWay = other ?? above.find((one) => isPlain(valueAt(values, one)));
    if (inWay === undefined) continue;
    problems.add(at, place, `goes through ${inWay}, which is a value, not a mapping`, {
      allowed: `a path beside ${inWay}`,
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
  { folder, version }: DraftChart,
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
