import * as pulumi from "@pulumi/pulumi";
import { PLAIN_VALUES, unplain } from "../model/settings/plain";
import { pathText, type Path, type Problem } from "../model/settings/problems";

/** Whether the value is there only later. */
export function isLater<T>(value: pulumi.Input<T>): value is pulumi.Output<T> | Promise<T> {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** What an output becomes in a template string (@pulumi/pulumi, output.ts, toString and toJSON). */
const OUTPUT_AS_TEXT = /Calling \[(toString|toJSON)\] on an \[Output/;

/** An output that a template string or JSON has made text of; undefined for any other value. */
export function outputAsText(path: Path, value: unknown): Problem | undefined {
  if (typeof value !== "string" || !OUTPUT_AS_TEXT.test(value)) return undefined;
  return {
    path: pathText(path),
    value: "text",
    message: "was made of an output that has no value yet",
    allowed:
      "the output itself or pulumi.interpolate in place of a template string, if this setting accepts outputs; otherwise a plain value",
  };
}

/** An output or a promise where only a plain value is taken. */
export function notPlain(path: Path, value: unknown, allowed: string): Problem {
  return {
    path: pathText(path),
    value: pulumi.Output.isInstance(value) ? "an output" : "a promise",
    message: "must be a plain value: it determines which resources exist",
    allowed,
  };
}

export const NOT_A_SETTING = "is not a setting";

/**
 * A resource, a function, a `Map` or the like where a setting is expected, or an object inside itself; undefined for what may be one.
 *
 * @param above the objects that it is in
 */
export function notASetting(path: Path, value: unknown, above: readonly unknown[]): Problem | undefined {
  if (value !== null && typeof value === "object" && above.includes(value))
    return { path: pathText(path), value: "an object", message: "contains itself", allowed: PLAIN_VALUES };
  const kind = unplain(value);
  if (kind !== undefined)
    return { path: pathText(path), value: kind, message: NOT_A_SETTING, allowed: PLAIN_VALUES };
  if (!pulumi.Resource.isInstance(value)) return undefined;
  return {
    path: pathText(path),
    value: "a resource",
    message: NOT_A_SETTING,
    allowed: "a plain value, or one of its outputs if this setting accepts outputs",
  };
}
