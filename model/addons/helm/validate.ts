import { CHARTS, chartSourceKind, type ChartName } from "../../charts";
import { isInside, plainPath, type ProjectFiles } from "../../extras/files";
import type { Checked } from "../../settings/checked";
import type { Problems } from "../../settings/problems";

/** Where charts come from, and in which version. */
export function chartsFit({ written }: Checked, problems: Problems): void {
  const { sources = {}, versions = {} } = written.helm ?? {};
  for (const [chart, source] of Object.entries(sources)) {
    const kind = chartSourceKind(source);
    const version = versions[chart as ChartName];
    if (kind === "folder" && version !== undefined) {
      problems.add(["helm", "versions", chart], version, `has no effect: the chart comes from ${source}`, {
        allowed: "no version, or another source: a folder contains one version",
      });
    }
    if (kind === "oci" && !source.endsWith(`/${chart}`)) {
      problems.add(["helm", "sources", chart], source, "is not the chart itself", {
        allowed: `the full reference, ending in /${chart}, without a tag`,
      });
    }
    if (kind === "repository" && /\.tgz$|\/index\.yaml$/.test(source)) {
      problems.add(["helm", "sources", chart], source, "is a file in a repository, not the repository", {
        allowed: `the address above index.yaml, such as ${CHARTS[chart as ChartName].repository}`,
      });
    }
  }
}

/** Charts that are taken from the project's own files are there; paths outside of it nobody looks at. */
export function chartsAreThere({ written }: Checked, files: ProjectFiles, problems: Problems): void {
  for (const [chart, source] of Object.entries(written.helm?.sources ?? {})) {
    if (!isInside(source)) continue;
    const path = plainPath(source);
    const file = /\.tgz$/.test(path) ? path : `${path}/Chart.yaml`;
    if (files.read(file) !== undefined) continue;
    problems.add(
      ["helm", "sources", chart],
      source,
      "is not a chart: the file does not exist, or the folder has no Chart.yaml",
      {
        allowed: "a folder of the project with Chart.yaml in it, or an archive (.tgz)",
      },
    );
  }
}
