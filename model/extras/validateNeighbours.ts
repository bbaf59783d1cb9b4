import { ADDON_KEYS, addonOf, partsOf } from "../addons";
import type { AddonPart } from "../addons/domain";
import { CHARTS, type PinnedChart } from "../charts";
import { CNI_PROFILES, CNI_KINDS, domainOf, kindOf } from "../cni";
import { isServed } from "./kinds";
import { isDefinition, isNamespace } from "./order";
import { groupOf, nameOf, type readObjects } from "./read";
import { FIRST_NAMESPACES, LIBRARY_NAMESPACES } from "../tenants/names";
import type { Path, Problems } from "../settings/problems";
import { entriesOf } from "../settings/prune";
import { nearest } from "../text";
import type { ExtrasSurroundings } from "./surroundings";

type Objects = ReturnType<typeof readObjects>["objects"];

/** Parts of add-ons that a cluster of these settings may have: of what was rejected any. */
function addonParts({ settings, refused }: ExtrasSurroundings): AddonPart[] {
  const { addons } = settings;
  return ADDON_KEYS.flatMap((key) =>
    addons[key] === undefined && !refused(key)
      ? []
      : partsOf(key, refused(`${key}.kind`) ? undefined : addons[key]),
  );
}

/** Namespaces that a cluster of these settings has without anybody bringing one. */
function libraryNamespaces(facts: ExtrasSurroundings): readonly string[] {
  const { cni } = facts;
  // What was rejected may be any.
  if (cni === undefined) return LIBRARY_NAMESPACES;
  return [
    ...FIRST_NAMESPACES,
    ...CNI_PROFILES[cni].namespaces,
    ...addonParts(facts).flatMap(({ namespace }) => namespace ?? []),
  ];
}

/** Whether every object is known: files that nobody read may hold any. */
function allIsRead({ written, refused }: ExtrasSurroundings, files: boolean): boolean {
  const { manifests = [] } = written;
  return !refused("manifests") && manifests.every((entry) => files || typeof entry !== "string");
}

/** Objects, releases and bindings go into namespaces that are there when they come. */
export function validateNamespaces(
  objects: Objects,
  facts: ExtrasSurroundings,
  files: boolean,
  problems: Problems,
): void {
  const { written, refused } = facts;
  const library = libraryNamespaces(facts);
  const tenants = Object.keys(written.tenants ?? {});
  const charts = Object.entries(written.charts ?? {});
  const made = charts.flatMap(([, chart]) => (chart.createNamespace === true ? [chart.namespace] : []));
  const own = objects.flatMap(({ object }) => (isNamespace(object) ? [object.metadata.name] : []));
  const known = new Set([...library, ...tenants, ...made, ...own]);
  const isKnown = (namespace: string) => known.has(namespace) || refused(["tenants", namespace]);
  const allowed = "a Namespace among the manifests, a tenant, or a chart's with createNamespace";
  for (const { index, source, object } of objects) {
    const { name, namespace } = object.metadata;
    if (isNamespace(object) && (tenants.includes(name) || library.includes(name))) {
      problems.add(
        ["manifests", index],
        source,
        `contains Namespace ${name}, which the library creates already`,
        {
          allowed: tenants.includes(name) ? `labels under tenants.${name}` : "another name",
        },
      );
    }
    if (namespace === undefined || isKnown(namespace)) continue;
    problems.add(
      ["manifests", index],
      source,
      `puts ${nameOf(object)} into a namespace that nothing creates`,
      { allowed, nearest: nearest(namespace, [...known]) },
    );
  }
  if (!allIsRead(facts, files)) return;
  const missing = (namespace: string, path: Path, more: string) => {
    if (isKnown(namespace)) return;
    problems.add(path, namespace, "is a namespace that nothing creates", {
      allowed: `${more}${allowed}`,
      nearest: nearest(namespace, [...known]),
    });
  };
  for (const [name, chart] of charts)
    missing(chart.namespace, ["charts", name, "namespace"], "createNamespace: true, or ");
  for (const [index, grant] of entriesOf(written.roles))
    for (const [place, namespace] of entriesOf(grant.namespaces))
      missing(namespace, ["roles", index, "namespaces", place], "");
}

/** Objects of kube-system that kubeadm or the library keeps: two owners would undo one another's changes. */
const KEPT: readonly string[] = [
  "ConfigMap/extension-apiserver-authentication",
  "ConfigMap/kube-proxy",
  "ConfigMap/kube-root-ca.crt",
  "ConfigMap/kubeadm-config",
  "ConfigMap/kubelet-config",
  "DaemonSet/kube-proxy",
  ...ADDON_KEYS.flatMap((key) => addonOf(key).keeps ?? []),
];

/** What the cluster has already is changed by its settings and not by a manifest. */
export function validateOwnObjects(objects: Objects, problems: Problems): void {
  for (const { index, source, object } of objects) {
    const { kind, metadata } = object;
    const kept = metadata.namespace === "kube-system" && KEPT.includes(`${kind}/${metadata.name}`);
    if (!kept && !(kind === "Node" && object.apiVersion === "v1")) continue;
    problems.add(
      ["manifests", index],
      source,
      `contains ${nameOf(object)}, which the cluster manages itself`,
      {
        allowed: kept
          ? "the settings for it, such as coredns, kubeProxy and kubelet"
          : "labels and taints of the machine or its pool",
      },
    );
  }
}

/** Groups whose definitions a part of the settings brings: its own CRDs, or its chart's. */
function groupsOfParts(facts: ExtrasSurroundings): string[] {
  const { cni } = facts;
  // What was rejected may be any.
  const kinds = cni === undefined ? CNI_KINDS : [kindOf(cni)];
  return [...addonParts(facts), ...kinds.map(domainOf)].flatMap(({ crdGroups }) => crdGroups);
}

interface Definition {
  readonly group?: unknown;
  readonly names?: { readonly kind?: unknown; readonly plural?: unknown };
  readonly versions?: readonly { readonly name?: unknown }[];
}

/** A kind that is not Kubernetes' own is defined by a manifest, by a part of the settings, or by a chart, which may define any. */
export function validateDefinitions(
  objects: Objects,
  facts: ExtrasSurroundings,
  files: boolean,
  problems: Problems,
): void {
  const definitions = objects.filter(({ object }) => isDefinition(object));
  for (const { index, source, object } of definitions) {
    const { group, names } = (object.spec ?? {}) as Definition;
    const name = `${String(names?.plural)}.${String(group)}`;
    if (typeof group !== "string" || typeof names?.plural !== "string" || object.metadata.name === name)
      continue;
    problems.add(
      ["manifests", index],
      source,
      `contains ${nameOf(object)}, whose name does not match its spec`,
      {
        allowed: `metadata.name: ${name}`,
      },
    );
  }
  if (!allIsRead(facts, files) || facts.written.charts !== undefined || facts.refused("charts")) return;
  const groups = groupsOfParts(facts);
  for (const { index, source, object } of objects) {
    const group = groupOf(object.apiVersion);
    if (isServed(object.apiVersion) || groups.includes(group)) continue;
    const specs = definitions.map((one) => (one.object.spec ?? {}) as Definition);
    const fitting = specs.filter((spec) => spec.group === group && spec.names?.kind === object.kind);
    const versions = fitting
      .flatMap((spec) => spec.versions ?? [])
      .filter(({ name }) => typeof name === "string");
    const version = object.apiVersion.slice(group.length + 1);
    if (fitting.length === 0) {
      const message = `contains ${nameOf(object)} of ${object.apiVersion}, a kind that nothing defines`;
      problems.add(["manifests", index], source, message, {
        allowed:
          "its CustomResourceDefinition among the manifests, or the chart that installs it under charts",
      });
    } else if (versions.length > 0 && versions.every(({ name }) => name !== version)) {
      const message = `contains ${nameOf(object)} of version ${version}, which its definition does not have`;
      problems.add(["manifests", index], source, message, {
        allowed: versions.map(({ name }) => `${group}/${String(name)}`).join(", "),
      });
    }
  }
}

/** The library's releases of these settings, by namespace and name. */
function libraryReleases(facts: ExtrasSurroundings): ReadonlySet<string> {
  const { cni, settings } = facts;
  const parts = addonParts(facts);
  const network = cni === undefined ? undefined : domainOf(kindOf(cni));
  const cloud =
    settings.platform === "machines"
      ? []
      : [CHARTS["aws-cloud-controller-manager"], CHARTS["aws-ebs-csi-driver"]];
  const named = (charts: object, namespace = "kube-system") =>
    (Object.values(charts) as PinnedChart[]).map(({ release }) => `${namespace}/${release}`);
  return new Set([
    ...parts.flatMap(({ charts, namespace }) => named(charts, namespace)),
    ...named(network?.charts ?? {}, network?.chartNamespace),
    ...named(cloud),
  ]);
}

/** Helm keeps a release by its name in its namespace. */
export function validateReleases(facts: ExtrasSurroundings, problems: Problems): void {
  const taken = libraryReleases(facts);
  for (const [name, chart] of Object.entries(facts.written.charts ?? {})) {
    if (!taken.has(`${chart.namespace}/${name}`)) continue;
    problems.add(["charts", name], name, `is the library's own release in namespace ${chart.namespace}`, {
      allowed: "another name, or another namespace",
    });
  }
}
