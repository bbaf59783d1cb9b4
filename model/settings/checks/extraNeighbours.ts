import { ADDON_KEYS, addonOf, partsOf } from "../../addons";
import type { AddonPart } from "../../addons/domain";
import { CHARTS, type PinnedChart } from "../../charts";
import { CNI_PROFILES, CNI_KINDS, domainOf, kindOf } from "../../cni";
import { isServed } from "../../extras/kinds";
import { isDefinition } from "../../extras/order";
import { groupOf, nameOf, type readObjects } from "../../extras/read";
import { FIRST_NAMESPACES, LIBRARY_NAMESPACES } from "../../tenants/names";
import type { Facts } from "../draft";
import { nearest } from "../../text";
import type { Path, Problems } from "../problems";

type Objects = ReturnType<typeof readObjects>["objects"];

/** Parts of add-ons that a cluster of these settings may have: of what was rejected any. */
function addonParts({ settings, refused }: Facts): AddonPart[] {
  const { addons } = settings;
  return ADDON_KEYS.flatMap((key) =>
    addons[key] === undefined && !refused(key)
      ? []
      : partsOf(key, refused(`${key}.kind`) ? undefined : addons[key]),
  );
}

/** Namespaces that a cluster of these settings has without anybody bringing one. */
function libraryNamespaces(facts: Facts): readonly string[] {
  const { cni } = facts;
  // What was rejected may be any.
  if (cni === undefined) return LIBRARY_NAMESPACES;
  return [
    ...FIRST_NAMESPACES,
    ...CNI_PROFILES[cni].namespaces,
    ...addonParts(facts).flatMap(({ namespace }) => namespace ?? []),
  ];
}

function isNamespace({ object }: Objects[number]): boolean {
  return object.kind === "Namespace" && groupOf(object.apiVersion) === "";
}

/** Whether every object is known: files that nobody read may hold any. */
function allIsRead({ input }: Facts, files: boolean): boolean {
  const { manifests } = input;
  if (manifests === undefined) return !("manifests" in input);
  return manifests.every((entry) => entry !== undefined && (files || typeof entry !== "string"));
}

/** Objects, releases and bindings go into namespaces that are there when they come. */
export function namespacesAreThere(objects: Objects, facts: Facts, files: boolean, problems: Problems): void {
  const { input } = facts;
  const library = libraryNamespaces(facts);
  const tenants = Object.keys(input.tenants ?? {});
  const charts = Object.entries(input.charts ?? {});
  const made = charts.flatMap(([, chart]) =>
    chart?.createNamespace === true && chart.namespace !== undefined ? [chart.namespace] : [],
  );
  const own = objects.filter(isNamespace).map(({ object }) => object.metadata.name);
  const known = new Set([...library, ...tenants, ...made, ...own]);
  const allowed = "a Namespace among the manifests, a tenant, or a chart's with createNamespace";
  for (const { index, source, object } of objects) {
    const { name, namespace } = object.metadata;
    if (isNamespace({ index, source, object }) && (tenants.includes(name) || library.includes(name))) {
      problems.add(
        ["manifests", index],
        source,
        `contains Namespace ${name}, which the library creates already`,
        {
          allowed: tenants.includes(name) ? `labels under tenants.${name}` : "another name",
        },
      );
    }
    if (namespace === undefined || known.has(namespace)) continue;
    problems.add(
      ["manifests", index],
      source,
      `puts ${nameOf(object)} into a namespace that nothing creates`,
      { allowed, nearest: nearest(namespace, [...known]) },
    );
  }
  if (!allIsRead(facts, files)) return;
  const missing = (namespace: string | undefined, path: Path, more: string) => {
    if (namespace === undefined || known.has(namespace)) return;
    problems.add(path, namespace, "is a namespace that nothing creates", {
      allowed: `${more}${allowed}`,
      nearest: nearest(namespace, [...known]),
    });
  };
  for (const [name, chart] of charts)
    missing(chart?.namespace, ["charts", name, "namespace"], "createNamespace: true, or ");
  for (const [index, grant] of (input.roles ?? []).entries())
    for (const [place, namespace] of (grant?.namespaces ?? []).entries())
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
export function objectsAreTheirOwn(objects: Objects, problems: Problems): void {
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
function groupsOfParts(facts: Facts): string[] {
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
export function kindsAreDefined(objects: Objects, facts: Facts, files: boolean, problems: Problems): void {
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
  if (!allIsRead(facts, files) || "charts" in facts.input) return;
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
function libraryReleases(facts: Facts): ReadonlySet<string> {
  const { cni, aws } = facts;
  const parts = addonParts(facts);
  const network = cni === undefined ? undefined : domainOf(kindOf(cni));
  const cloud =
    aws === undefined ? [] : [CHARTS["aws-cloud-controller-manager"], CHARTS["aws-ebs-csi-driver"]];
  const named = (charts: object, namespace = "kube-system") =>
    (Object.values(charts) as PinnedChart[]).map(({ release }) => `${namespace}/${release}`);
  return new Set([
    ...parts.flatMap(({ charts, namespace }) => named(charts, namespace)),
    ...named(network?.charts ?? {}, network?.chartNamespace),
    ...named(cloud),
  ]);
}

/** Helm keeps a release by its name in its namespace. */
export function releasesAreTheirOwn(facts: Facts, problems: Problems): void {
  const taken = libraryReleases(facts);
  for (const [name, chart] of Object.entries(facts.input.charts ?? {})) {
    if (!taken.has(`${chart?.namespace ?? ""}/${name}`)) continue;
    problems.add(
      ["charts", name],
      name,
      `is the library's own release in namespace ${chart?.namespace ?? ""}`,
      {
        allowed: "another name, or another namespace",
      },
    );
  }
}
