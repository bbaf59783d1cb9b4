/** Settings of the provider, and when a change of them replaces it (provider.go, DiffConfig and Configure). */
import type { DetailedDiff } from "../shared/diff";
import { isUnknown, plainObject, sameValue, type Values } from "../shared/values";
import { activeCluster, parseKubeconfig, type Overrides } from "./kubeconfig";
import type { Mutability } from "./kinds";
import { stringAt } from "./objects";

export interface Options extends Mutability {
  readonly deleteUnreachable: boolean;
  readonly skipUpdateUnreachable: boolean;
  readonly enablePatchForce: boolean;
  readonly upsertExistingObjects: boolean;
  readonly overrides: Overrides;
}

/** Each flag is the provider's own setting, else an environment variable, else its default. */
export function readOptions(args: Values): Options {
  const flag = (key: string, variable: string, otherwise: boolean) => {
    const given = args[key];
    if (given !== undefined && given !== null) return given === true || given === "true";
    const ambient = process.env[variable];
    return ambient === undefined ? otherwise : ambient === "true";
  };
  if (!flag("enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", true)) {
    throw new Error("the stand-in knows server-side apply only: enableServerSideApply must not be false");
  }
  if (stringAt(args, "renderYamlToDirectory") !== "") {
    throw new Error("the stand-in does not render YAML: renderYamlToDirectory must not be set");
  }
  return {
    deleteUnreachable: flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE", false),
    skipUpdateUnreachable: flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", false),
    enablePatchForce: flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE", false),
    upsertExistingObjects: flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS", false),
    enableConfigMapMutable: flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", false),
    enableSecretMutable: flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE", false),
    overrides: overridesOf(args),
  };
}

function overridesOf(args: Values): Overrides {
  return {
    context: stringAt(args, "context"),
    cluster: stringAt(args, "cluster"),
    namespace: stringAt(args, "namespace"),
  };
}

const clusterSettings = ["kubeconfig", "context", "cluster"] as const;

/**
 * A provider is replaced when its clusterIdentifier changes, or, without one that stays the same, when the active cluster
 * of its kubeconfig changes or cannot be known yet. Adding or taking away an identifier replaces nothing by itself.
 */
export function configDiff(secretOlds: Values, secretNews: Values): DetailedDiff {
  const olds = plainObject(secretOlds);
  const news = plainObject(secretNews);
  const has = (values: Values, key: string) => values[key] !== undefined && values[key] !== null;
  const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
    (key) => !sameValue(olds[key] ?? null, news[key] ?? null),
  );
  if (changed.length === 0) return {};
  const identified = has(olds, "clusterIdentifier") && has(news, "clusterIdentifier");
  const pinned = identified && !changed.includes("clusterIdentifier");
  const replaces = new Set<string>(identified && !pinned ? ["clusterIdentifier"] : []);

  const unknownSetting = clusterSettings.find((key) => isUnknown(news[key]));
  if (unknownSetting !== undefined) {
    replaces.add(unknownSetting);
  } else {
    const before = activeCluster(parseKubeconfig(olds["kubeconfig"]), overridesOf(olds));
    const after = activeCluster(parseKubeconfig(news["kubeconfig"]), overridesOf(news));
    if (before && after && !sameValue(before, after)) {
      for (const key of clusterSettings) if (changed.includes(key)) replaces.add(key);
    }
  }
  const reported = unknownSetting === undefined ? changed : [unknownSetting, ...replaces];
  return Object.fromEntries(
    reported.map((key) => {
      const kind = !has(olds, key) ? "add" : !has(news, key) ? "delete" : "update";
      return [key, replaces.has(key) && !pinned ? (`${kind}-replace` as const) : kind];
    }),
  );
}
