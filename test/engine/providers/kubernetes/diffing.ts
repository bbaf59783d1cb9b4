/** What an update would change, against the live state as it is stored (provider.go, Diff). */
import type { DetailedDiff } from "../shared/diff";
import type { DiffRequest, DiffResult } from "../shared/provider";
import { containsUnknown, plainObject } from "../shared/values";
import { changes, withoutIgnored } from "./changes";
import { parseCheckpoint } from "./checkpoint";
import type { Cluster } from "./cluster";
import { likeLive, normalized, pruned } from "./inputs";
import { identityFields, replacingFields } from "./kinds";
import { isAutonamed, isNamed } from "./naming";
import {
  gvkOf,
  isPatchResource,
  nameOf,
  namespaceOf,
  pluck,
  stringAt,
  toDashed,
  without,
  withMetadata,
} from "./objects";

export async function diffObject(cluster: Cluster, request: DiffRequest): Promise<DiffResult> {
  const stored = parseCheckpoint(request.olds);
  const applied = normalized(stored.inputs);
  let news = normalized(toDashed(plainObject(request.news)));
  let old = pruned(stored.live, applied);
  if ((await cluster.isNamespaced(gvkOf(news))) ?? true) {
    old = withMetadata(old, "namespace", namespaceOf(old) || "default");
    if (!containsUnknown(pluck(news, "metadata", "namespace"))) {
      news = withMetadata(news, "namespace", namespaceOf(news) || "default");
    }
  } else {
    old = withMetadata(old, "namespace", undefined);
    news = withMetadata(news, "namespace", undefined);
  }
  old = without(old, "metadata", "resourceVersion");
  if (nameOf(news) !== "") old = withMetadata(old, "name", nameOf(stored.live));
  const patch = isPatchResource(request.type, stringAt(news, "kind"));
  const replacing = patch ? identityFields : replacingFields(news, cluster.options);
  const found = changes(old, likeLive(news, stored.live, applied), replacing);
  const detailed: DetailedDiff = withoutIgnored(found, request.ignoreChanges);
  if (detailed["metadata"] === "delete") detailed["metadata"] = "delete-replace";
  const replaced = Object.values(detailed).some((kind) => kind.endsWith("-replace"));
  return {
    detailed,
    // A name that the program fixed is taken until the old object is gone.
    deleteBeforeReplace:
      replaced &&
      isNamed(news) &&
      !isAutonamed(news) &&
      nameOf(news) === nameOf(stored.live) &&
      namespaceOf(news) === namespaceOf(stored.live),
  };
}
