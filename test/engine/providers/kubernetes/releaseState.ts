/** Pure rules of helm.sh/v3 Release (provider/helm_release.go): inputs, what is stored, and differences. */
import { parseAllDocuments } from "yaml";
import type { DetailedDiff } from "../shared/diff";
import { isObject, plainObject, secret, unknown, type Value, type Values } from "../shared/values";
import { changes } from "./changes";
import { withSecrets } from "./checkpoint";
import { stringAt } from "./objects";

export const releaseType = "kubernetes:helm.sh/v3:Release";

/** Seconds, where the program gives none (defaultTimeoutSeconds). */
export const defaultTimeout = 300;

const switches = [
  "allowNullValues",
  "atomic",
  "cleanupOnFail",
  "createNamespace",
  "dependencyUpdate",
  "devel",
  "disableCRDHooks",
  "disableOpenapiValidation",
  "disableWebhooks",
  "forceUpdate",
  "lint",
  "recreatePods",
  "renderSubchartNotes",
  "replace",
  "resetValues",
  "reuseValues",
  "skipAwait",
  "skipCrds",
  "verify",
  "waitForJobs",
] as const;
const texts = ["chart", "description", "keyring", "name", "namespace", "postrender", "version"] as const;

/** Every field of the original's struct with its zero value: it is stored whole. Pointers are absent where not given. */
const zeros: Values = {
  ...Object.fromEntries(switches.map((name) => [name, false])),
  ...Object.fromEntries(texts.map((name) => [name, ""])),
  timeout: 0,
  values: {},
};
const optional = ["maxHistory", "repositoryOpts"] as const;
const known = new Set<string>([...Object.keys(zeros), ...optional]);

/** What the stand-in does nothing of; given, it is refused instead of disregarded. */
const leftOut = [
  "dependencyUpdate",
  "keyring",
  "lint",
  "postrender",
  "takeOwnership",
  "valueYamlFiles",
  "verify",
];

/** @throws Error where a field is given that the stand-in does not know to honour */
export function refuseLeftOut(given: Values): void {
  const found = leftOut.filter((name) => {
    const value = given[name];
    return value !== undefined && value !== null && value !== false && value !== "";
  });
  if (found.length > 0) throw new Error(`the stand-in for Release knows no ${found.join(", ")}`);
}

/** Inputs as they are stored: given ones over zero values, with name, namespace and timeout filled in (setDefaults). */
export function releaseInputs(given: Values, olds: Values, autoname: string, namespace: string): Values {
  const plain = plainObject(given);
  const inputs = { ...zeros };
  for (const [key, value] of Object.entries(plain)) if (known.has(key) && value !== null) inputs[key] = value;
  if (inputs["name"] === "") inputs["name"] = stringAt(olds, "name") || autoname;
  if (inputs["namespace"] === "") inputs["namespace"] = namespace;
  if (inputs["skipAwait"] === false && plain["timeout"] === undefined) inputs["timeout"] = defaultTimeout;
  return inputs;
}

/** What a cluster has of a release. */
export interface ReleaseInfo {
  readonly name: string;
  readonly namespace: string;
  /** `deployed`, `failed`, `pending-install` ... */
  readonly status: string;
  readonly revision: number;
  /** YAML of all objects but hooks. */
  readonly manifest: string;
  /** As given to it. */
  readonly values: Values;
  readonly chart: string;
  readonly version: string;
  readonly appVersion: string;
}

/** What is stored of a release that is there (setReleaseAttributes, checkpointRelease); `inputs` with their secret marks. */
export function releaseState(inputs: Values, live: ReleaseInfo, values: Value | undefined): Values {
  const { manifest, values: given, ...status } = live;
  return checkpointOf(inputs, {
    ...plainObject(inputs),
    values: mergedMaps(isObject(values) ? plainObject(values) : {}, given),
    version: live.version,
    resourceNames: resourceNames(manifest),
    status: { ...status },
  });
}

/** What a preview tells of a release to be. */
export function previewState(inputs: Values): Values {
  return checkpointOf(inputs, { ...plainObject(inputs), resourceNames: unknown, status: unknown });
}

function checkpointOf(inputs: Values, state: Values): Values {
  return { ...withSecrets(state, inputs), __inputs: secret(inputs) };
}

/** The inputs of a stored release, without secret marks; undefined in an import. */
export function storedInputs(state: Values): Values | undefined {
  const inputs = plainObject(state)["__inputs"];
  return isObject(inputs) ? inputs : undefined;
}

/** Objects over objects, key by key; anything else is replaced (helm.MergeMaps). */
export function mergedMaps(into: Values, from: Values): Values {
  const result = { ...into };
  for (const [key, value] of Object.entries(from)) {
    const old = result[key];
    result[key] = isObject(old) && isObject(value) ? mergedMaps(old, value) : value;
  }
  return result;
}

/** Names by kind and version (convertYAMLManifestToJSON), such as `Deployment.apps/apps/v1: [traefik/traefik]`. */
export function resourceNames(manifest: string): Values {
  const names: Record<string, Set<string>> = {};
  for (const document of parseAllDocuments(manifest)) {
    const object = document.toJS() as Values | null;
    const kind = stringAt(object ?? undefined, "kind");
    if (object === null || kind === "") continue;
    const apiVersion = stringAt(object, "apiVersion");
    const [group = ""] = apiVersion.includes("/") ? apiVersion.split("/") : [];
    const key = `${group === "" ? kind : `${kind}.${group}`}/${apiVersion}`;
    const namespace = stringAt(object, "metadata", "namespace");
    const name = stringAt(object, "metadata", "name");
    (names[key] ??= new Set()).add(namespace === "" ? name : `${namespace}/${name}`);
  }
  return Object.fromEntries(Object.entries(names).map(([key, found]) => [key, [...found].sort()]));
}

/**
 * The original's three-way patch: what the new inputs say otherwise than the state, and what the old inputs had and the new
 * ones have not. What is in the state alone (values that somebody added by hand to keys of nobody) is left alone.
 */
export function releaseDiff(olds: Values, news: Values, ignoreChanges: readonly string[]): DetailedDiff {
  const state = plainObject(olds);
  const wanted = plainObject(news);
  if (ignoreChanges.includes("version") && state["version"] !== undefined)
    wanted["version"] = state["version"];
  const before = storedInputs(olds) ?? {};
  return changes(seen(state, mergedMaps(before, wanted)), wanted, ["name", "namespace"]);
}

/** The part of the state that old or new inputs speak of. */
function seen(state: Values, spoken: Values): Values {
  const result: Values = {};
  for (const [key, value] of Object.entries(state)) {
    const inner = spoken[key];
    if (inner === undefined) continue;
    result[key] = isObject(value) && isObject(inner) ? seen(value, inner) : value;
  }
  return result;
}

/** How Helm's command is told of the chart (chartPathOptionsFromRelease, resolveChartName). */
export function chartArguments(release: Values): string[] {
  const plain = plainObject(release);
  const chart = stringAt(plain, "chart").trim();
  const repository = stringAt(plain, "repositoryOpts", "repo");
  const version = stringAt(plain, "version").trim() || (plain["devel"] === true ? ">0.0.0-0" : "");
  const of = (flag: string, value: string): string[] => (value === "" ? [] : [flag, value]);
  const options = (field: string, flag: string): string[] =>
    of(flag, stringAt(plain, "repositoryOpts", field));
  const versioned = of("--version", version);
  const files = [
    ...options("caFile", "--ca-file"),
    ...options("certFile", "--cert-file"),
    ...options("keyFile", "--key-file"),
  ];
  if (chart.startsWith("oci://")) return [chart, ...versioned, ...files];
  if (/^[a-z]+:\/\//.test(repository)) return [chart, "--repo", repository, ...versioned, ...files];
  const named = repository !== "" && !chart.includes("/") ? `${repository}/${chart}` : chart;
  return [named, ...versioned, ...files];
}

/** Flags that install and upgrade have in common. */
export function waitArguments(release: Values): string[] {
  const on = (name: string): boolean => release[name] === true;
  return [
    ...(on("skipAwait") ? [] : ["--wait"]),
    ...(!on("skipAwait") && on("waitForJobs") ? ["--wait-for-jobs"] : []),
    ...(on("atomic") ? ["--atomic"] : []),
    ...(on("renderSubchartNotes") ? ["--render-subchart-notes"] : []),
    ...(on("disableOpenapiValidation") ? ["--disable-openapi-validation"] : []),
    ...(stringAt(release, "description") === "" ? [] : ["--description", stringAt(release, "description")]),
    "--timeout",
    timeoutOf(release),
  ];
}

/** As Helm's flag takes it (getTimeoutOrDefault). */
export function timeoutOf(release: Values): string {
  const seconds = Number(release["timeout"] ?? 0);
  return `${seconds === 0 ? defaultTimeout : seconds}s`;
}
