import { hostPortsOf, KUBEADM_PODS, staticPodProblems } from "../../own/staticPods";
import { plainPath, type ProjectFiles } from "../../own/files";
import { groupOf, nameOf, objectProblem, readObjects } from "../../own/read";
import { LIBRARY_NAMESPACES } from "../../tenants/names";
import { DEFAULTS } from "../defaults";
import type { Facts } from "../draft";
import { nearest } from "../issues";
import type { Path, Problems } from "../problems";
import { MASTERS } from "../resolveOwn";
import { DNS_LABEL, DNS_LABEL_RULE } from "../schema/primitives";
import { RELEASE_NAME } from "../schema/own";
import { ownerOfTcp, partsPorts } from "./hostPorts";
import { ingressPortsOf } from "./ingress";

/** Everything about what people bring; what stands in files is looked at where they can be read. */
export function ownFits(facts: Facts, files: ProjectFiles | undefined, problems: Problems): void {
  const read = readObjects(facts.input.manifests ?? [], files);
  for (const { index, source, message, allowed } of read.problems)
    problems.add(["manifests", index], source, message, { allowed });
  namespacesAreThere(read.objects, facts, problems);
  for (const [name, chart] of Object.entries(facts.input.charts ?? {}))
    if (chart !== undefined) chartFits(name, chart, files, problems);
  staticPodsFit(facts, files, problems);
}

type Objects = ReturnType<typeof readObjects>["objects"];

/** Objects go into namespaces that are there when they come. */
function namespacesAreThere(objects: Objects, { input }: Facts, problems: Problems): void {
  const isNamespace = ({ object }: Objects[number]) =>
    object.kind === "Namespace" && groupOf(object.apiVersion) === "";
  const tenants = Object.keys(input.tenants ?? {});
  const made = Object.values(input.charts ?? {}).flatMap((chart) =>
    chart?.createNamespace === true && chart.namespace !== undefined ? [chart.namespace] : [],
  );
  const own = objects.filter(isNamespace).map(({ object }) => object.metadata.name);
  const known = new Set([...LIBRARY_NAMESPACES, ...tenants, ...made, ...own]);
  for (const { index, source, object } of objects) {
    const { name, namespace } = object.metadata;
    if (
      isNamespace({ index, source, object }) &&
      (tenants.includes(name) || LIBRARY_NAMESPACES.includes(name))
    ) {
      problems.add(["manifests", index], source, `holds Namespace ${name}, which is made already`, {
        allowed: tenants.includes(name) ? `labels under tenants.${name}` : "another name",
      });
    }
    if (namespace === undefined || known.has(namespace)) continue;
    problems.add(
      ["manifests", index],
      source,
      `puts ${nameOf(object)} into a namespace that nothing here makes`,
      {
        allowed: "a Namespace among the manifests, a tenant, or a chart's with createNamespace",
        nearest: nearest(namespace, [...known]),
      },
    );
  }
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
    problems.add(path, name, "is no name of a release", {
      allowed: "at most 53 of a-z, 0-9 and -, a letter or digit first and last",
    });
  }
  const [source, second] = SOURCES.filter((key) => key in chart);
  if (source === undefined) {
    problems.add(path, undefined, "comes from nowhere", {
      allowed: "chart and repository, or oci, or folder",
    });
    return;
  }
  if (second !== undefined) {
    problems.add([...path, second], chart[second], `stands beside ${source}`, {
      allowed: "one of repository, oci, folder",
    });
    return;
  }
  if (source === "repository" && !("chart" in chart))
    problems.add([...path, "chart"], undefined, "is missing", {
      allowed: "the chart's name in the repository",
    });
  if (source !== "repository" && "chart" in chart) {
    problems.add([...path, "chart"], chart.chart, `says again what ${source} says`, { allowed: "no chart" });
  }
  if (source !== "folder" && !("version" in chart)) {
    problems.add([...path, "version"], undefined, "is missing: the newest would come one day or another", {
      allowed: "one version, as 1.2.3",
    });
  }
  if (source === "folder") folderIsChart(chart, path, files, problems);
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
  problems.add([...path, "folder"], folder, "is no folder of a chart: there is no Chart.yaml in it", {
    allowed: "a folder of the project with Chart.yaml in it",
  });
}

function staticPodsFit(facts: Facts, files: ProjectFiles | undefined, problems: Problems): void {
  const taken = new Map<string, string>();
  for (const [name, given] of Object.entries(facts.input.staticPods ?? {})) {
    const path: Path = ["staticPods", name];
    if (!DNS_LABEL.test(name)) problems.add(path, name, "is no name of a file", { allowed: DNS_LABEL_RULE });
    if (given === undefined) continue;
    const places = placesFit(given.on, [...path, "on"], facts, problems);
    const place = [...path, "pod"];
    if (given.pod === undefined) continue;
    if (typeof given.pod !== "string") {
      const wrong = objectProblem(given.pod);
      if (wrong !== undefined) {
        problems.add(place, given.pod, wrong.message, { allowed: wrong.allowed });
        continue;
      }
    }
    const read = readObjects([given.pod], files);
    for (const { source, message, allowed } of read.problems)
      problems.add(place, source, message, { allowed });
    const [first, more] = read.objects;
    if (first === undefined) continue;
    if (more !== undefined) {
      problems.add(place, more.source, "holds more than one object", { allowed: "one Pod in each file" });
      continue;
    }
    const source = typeof given.pod === "string" ? first.source : first.object.metadata.name;
    for (const { place: inside, message, allowed } of staticPodProblems(first.object))
      problems.add(place, `${source}: ${inside}`, message, { allowed });
    if (KUBEADM_PODS.some((own) => own === first.object.metadata.name)) {
      problems.add(place, source, "has the name of one of kubeadm's own pods", { allowed: "another name" });
    }
    portsAreFree(first.object, { place, source, places, name }, taken, facts, problems);
  }
}

/** Where the pod runs, as words; empty where that is not known. */
function placesFit(
  on: readonly (string | undefined)[] | undefined,
  path: Path,
  { input, machines, aws }: Facts,
  problems: Problems,
): string[] {
  if (on === undefined) return [MASTERS];
  const pools =
    aws !== undefined || input.platform === "aws"
      ? []
      : [
          ...new Set(
            machines.flatMap(({ role, input: one }) =>
              role === "worker" ? [one.pool ?? DEFAULTS.pool] : [],
            ),
          ),
        ];
  return on.flatMap((place, index) => {
    if (place === undefined) return [];
    if (place === MASTERS || pools.includes(place)) return [place];
    problems.add([...path, index], place, "is no place for a static pod", {
      allowed: [MASTERS, ...pools].join(", "),
      nearest: nearest(place, [MASTERS, ...pools]),
    });
    return [];
  });
}

function portsAreFree(
  pod: Parameters<typeof hostPortsOf>[0],
  at: {
    readonly place: Path;
    readonly source: string;
    readonly places: readonly string[];
    readonly name: string;
  },
  taken: Map<string, string>,
  facts: Facts,
  problems: Problems,
): void {
  const parts = partsPorts(facts);
  for (const { protocol, port } of hostPortsOf(pod)) {
    const owner =
      protocol === "TCP"
        ? (ownerOfTcp(facts, port) ?? (ingressPortsOf(facts).includes(port) ? "ingress" : undefined))
        : parts.find((one) => one.protocol === protocol.toLowerCase() && one.port === port)?.owner;
    if (owner !== undefined) {
      problems.add(at.place, `${at.source}: port ${port}`, `is the port of ${owner} on the host`, {
        allowed: "a free port",
      });
    }
    for (const where of at.places) {
      const key = `${where} ${protocol} ${port}`;
      const other = taken.get(key);
      if (other !== undefined && other !== at.name) {
        problems.add(
          at.place,
          `${at.source}: port ${port}`,
          `is taken on the same hosts by staticPods.${other}`,
          {
            allowed: "a free port",
          },
        );
      }
      taken.set(key, at.name);
    }
  }
}
