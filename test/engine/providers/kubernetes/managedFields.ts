/** Who manages which fields of an object, as the API server keeps it in `metadata.managedFields`. */
import { isObject, type Value, type Values } from "../shared/values";
import { parsePath } from "./changes";
import { listAt, objectAt, pluck, stringAt, without, withValueAt, type KubeObject } from "./objects";

/**
 * Managers whose fields an update takes over: kubectl's, and this provider's own from creating without server-side apply,
 * which is how it creates (await.go, fixCSAFieldManagers).
 */
const takenOver = [
  { manager: "kubectl", operation: "Apply" },
  { manager: "kubectl", operation: "Update" },
  { manager: "before-first-apply", operation: "Update" },
  { manager: "pulumi-kubernetes", operation: "Update" },
  { manager: "pulumi-resource-kubernetes", operation: "Update" },
] as const;

export const creator = "pulumi-kubernetes";

/** The JSON patch that gives those fields to `manager`; undefined where there are none (flux's ssa.PatchReplaceFieldsManagers). */
export function takeOver(live: KubeObject, manager: string): Value[] | undefined {
  const entries = listAt(live, "metadata", "managedFields").filter(isObject);
  const mine = (entry: Values) => entry["manager"] === manager && entry["operation"] === "Apply";
  const theirs = (entry: Values) =>
    !mine(entry) &&
    stringAt(entry, "subresource") === "" &&
    takenOver.some(
      (each) => stringAt(entry, "manager").startsWith(each.manager) && entry["operation"] === each.operation,
    );
  const taken = entries.filter(theirs);
  if (taken.length === 0) return undefined;
  const own = entries.find(mine);
  const fields = [...(own ? [own] : []), ...taken].map((entry) => objectAt(entry, "fieldsV1")).reduce(union);
  const kept = entries.filter((entry) => !mine(entry) && !theirs(entry));
  return [
    {
      op: "replace",
      path: "/metadata/managedFields",
      value: [...kept, { ...(own ?? taken[0]), manager, operation: "Apply", fieldsV1: fields }],
    },
    {
      op: "replace",
      path: "/metadata/resourceVersion",
      value: stringAt(live, "metadata", "resourceVersion"),
    },
  ];
}

/** Both sets of fields; one that is owned as a whole on one side and in part on the other is owned as both ("."). */
function union(a: Values, b: Values): Values {
  const result: Values = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const there = result[key];
    if (!isObject(there) || !isObject(value)) {
      result[key] = value;
      continue;
    }
    const whole = Object.keys(there).length === 0 || Object.keys(value).length === 0;
    const both = union(there, value);
    result[key] = whole && Object.keys(both).length > 0 ? { ".": {}, ...both } : both;
  }
  return result;
}

/**
 * Inputs for an apply that leaves ignored fields as they are: what another manager alone has is not sent, and what is live
 * is sent as it is (await.go, handleSSAIgnoreFields). Paths into lists are not known there either.
 */
export function withIgnoredFields(
  inputs: KubeObject,
  live: KubeObject,
  ignored: readonly string[],
  manager: string,
): KubeObject {
  const entries = listAt(live, "metadata", "managedFields").filter(isObject);
  const has = (mine: boolean, path: readonly string[]) =>
    entries.some(
      (entry) =>
        (entry["manager"] === manager) === mine &&
        pluck(entry["fieldsV1"], ...path.map((key) => `f:${key}`)) !== undefined,
    );
  return ignored.reduce((object, text) => {
    const path = parsePath(text).map(String);
    if (has(false, path) && !has(true, path)) return without(object, ...path);
    const value = pluck(live, ...path);
    return value === undefined ? object : withValueAt(object, path, value);
  }, inputs);
}

/** Whether an apply takes fields that others manage (await.go, patchForce). */
export function forces(live: KubeObject | undefined, preview: boolean, asked: boolean): boolean {
  if (asked) return true;
  if (preview && !live) return true; // a replacement's fields are still those of the object to be replaced
  const entries = listAt(live, "metadata", "managedFields");
  const createdByUs = (entry: Value) =>
    pluck(entry, "operation") === "Update" &&
    [creator, "pulumi-resource-kubernetes"].includes(stringAt(entry, "manager"));
  if (preview && entries.some(createdByUs)) return true; // taken over before the real update, not before its preview
  return live !== undefined && entries.length === 0;
}
