import { AUTOSCALER_PREFIX } from "../tags";
import type { AwsLayout, PoolLayout } from "../layout";
import { entriesOf } from "../../settings/entries";
import { readTaint } from "../../settings/labels";
import type { Path, Problems } from "../../settings/problems";

/** Tagging AWS resources user guide, "Tag naming limits and requirements". */
const LIMITS = { key: 128, value: 256, tags: 50 } as const;
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const RULE = "letters, digits, spaces and _ . : / = + - @";

/** Tags that the library sets by itself on one resource or another, at most. */
const OWN_TAGS = 10;

const OWNED: readonly [RegExp, string][] = [
  [/^Name$/, "the library names everything it makes"],
  // The prefix as a whole: the EBS driver, which gets the settings' tags, starts with none of it (pkg/driver/validation.go).
  [/^kubernetes\.io/, "the cloud controller manager and the EBS driver find things by it"],
  [
    /^(ebs\.csi\.aws\.com\/|CSIVolumeName$|CSIVolumeSnapshotName$|KubernetesCluster$)/,
    "the EBS driver sets it",
  ],
  [/^(pulumi-kubeadm|k8s\.io\/cluster-autoscaler)\//, "the library sets it"],
];

export function validateTags({ input, pools }: AwsLayout, problems: Problems): void {
  for (const pool of pools) validateAutoscalerTags(pool, problems);
  for (const [path, tags] of [
    [["tags"], input.tags],
    ...pools.map((pool) => [[...pool.path, "tags"], pool.input.tags] as const),
  ] as const) {
    const entries = Object.entries(tags ?? {});
    for (const [key, value] of entries) {
      validateTag([...path, key], key, value, problems);
      if (path.length > 1 || !key.includes("=")) continue;
      problems.add([...path, key], value, "has a key with =, at which the EBS driver ends the key", {
        allowed: "a key without =",
      });
    }
    if (entries.length <= LIMITS.tags - OWN_TAGS) continue;
    problems.add(path, entries.length, `are too many: AWS allows ${LIMITS.tags} on a resource`, {
      allowed: `at most ${LIMITS.tags - OWN_TAGS}, next to the library's own`,
    });
  }
}

/** What a group of a pool that scales says of its nodes, in tags of its own: the cluster autoscaler reads them. */
function validateAutoscalerTags({ path, input, min, max }: PoolLayout, problems: Problems): void {
  if (min === max) return;
  const labels = Object.keys(input.labels ?? {}).map(
    (key) => [[...path, "labels", key], "label", key] as const,
  );
  const taints = entriesOf(input.taints).map(
    ([index, taint]) => [[...path, "taints", index], "taint", readTaint(taint).key] as const,
  );
  for (const [at, kind, key] of [...labels, ...taints]) {
    const room = LIMITS.key - AUTOSCALER_PREFIX[kind].length;
    if (key.length <= room) continue;
    problems.add(at, key, `is too long for a pool that scales: the cluster autoscaler reads it from a tag`, {
      allowed: `at most ${room} characters, or a fixed count`,
    });
  }
}

function validateTag(path: Path, key: string, value: string | undefined, problems: Problems): void {
  const owned = OWNED.find(([pattern]) => pattern.test(key));
  if (/^aws:/i.test(key)) {
    problems.add(path, value, "has a key that begins with aws:, which AWS reserves", {
      allowed: "another key",
    });
  } else if (owned !== undefined) {
    problems.add(path, value, `is not allowed: ${owned[1]}`, { allowed: "another key" });
  } else if (key === "" || key.length > LIMITS.key || !CHARACTERS.test(key)) {
    problems.add(path, value, "has a key that AWS does not accept", {
      allowed: `1 to ${LIMITS.key} characters of ${RULE}`,
    });
  }
  if (value !== undefined && (value.length > LIMITS.value || !CHARACTERS.test(value))) {
    problems.add(path, value, "is not a valid value of a tag", {
      allowed: `at most ${LIMITS.value} characters of ${RULE}`,
    });
  }
}
